"""The commands of `stroke-map`, by subject. Heavy imports stand inside the functions."""

from stroke_map.commands.accounts import key, user
from stroke_map.commands.auditing import audit
from stroke_map.commands.backing import backup, restore
from stroke_map.commands.calibrating import calibrate
from stroke_map.commands.closures import closure
from stroke_map.commands.copying import fetch  # noqa: F401 - it and its sibling are commands of `edition`
from stroke_map.commands.delivering import channel, deliver, delivery
from stroke_map.commands.editions import demo, edition
from stroke_map.commands.figures import figures  # noqa: F401 - it is a command of `registry`
from stroke_map.commands.posters import poster
from stroke_map.commands.protocols import protocol
from stroke_map.commands.registry import registry
from stroke_map.commands.reporting import report  # noqa: F401 - it and its sibling are commands of `edition`
from stroke_map.commands.roads import hospitals_from_osm, nearest, route
from stroke_map.commands.searching import search
from stroke_map.commands.service import serve, settings, stream
from stroke_map.commands.statuses import status
from stroke_map.commands.updating import update  # noqa: F401 - it and its siblings are commands of `edition`

COMMANDS = (
    audit,
    backup,
    calibrate,
    channel,
    closure,
    deliver,
    delivery,
    demo,
    edition,
    hospitals_from_osm,
    key,
    nearest,
    poster,
    protocol,
    registry,
    restore,
    route,
    search,
    serve,
    settings,
    status,
    stream,
    user,
)
