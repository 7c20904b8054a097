"""What people look at: Folium maps, the pages around them and the base map tiles under them.

Nothing here listens to the network: every function takes plain values and returns text, bytes or a dict. The web room
serves them:

=================================================  ================================================================
what is served                                     from
=================================================  ================================================================
``/static/<path>``                                 ``files.static_folder()``
``/static/leaflet/<path>``                         ``files.leaflet_folder()`` (the installed XStatic-Leaflet)
Jinja templates ``index.html``, ``answer.html``,   ``files.templates_folder()``
``error.html``
``/`` (``?lang=zh|en``, ``?condition=``)           ``index.html`` with ``pages.index_context(...)``
``/map.js?edition=..&lang=..``                     ``folium_page.public_map(...).script``, with an ETag
``/map`` (GET rounded; POST JSON or form)          ``answer.html`` with ``pages.answer_context(...)``
any error on a page                                ``error.html`` with ``pages.error_context(problem, ...)``
``/tiles/{edition}/{z}/{x}/{y}.png``               ``tiles.DeepTiles.tile(z, x, y)`` -> ``Tile(png, final)``
``/api/v1/hospitals`` and the map's one layer      ``geojson.hospitals_geojson(hospitals)``
the ``Content-Security-Policy`` header             ``files.content_security_policy(*inline_maps)``
=================================================  ================================================================

Signatures
----------
``pages.PageFacts(edition_id, region, publisher, valid_from, valid_until, demo, attribution, licence, map_review_number)``
    What every page says about the published edition; ``region`` is ``{"zh": .., "en": ..}``, dates are ISO strings or "".
``folium_page.public_map(hospitals, *, bounds, tile_url, attribution, region, lang, condition="stroke") -> RenderedMap``
``folium_page.answer_map(answer, *, bounds, tile_url, attribution, lang) -> RenderedMap``
    ``bounds`` is (west, south, east, north) in degrees; ``tile_url`` like ``/tiles/2026.1/{z}/{x}/{y}.png``;
    ``RenderedMap`` has ``header``, ``html``, ``script`` (str) and ``csp_hash``.
``pages.index_context(hospitals, facts, *, map, map_script_url, lang, condition="stroke") -> dict``
``pages.answer_context(answer, facts, *, map, lang) -> dict``
``pages.error_context(problem, facts, *, lang) -> dict``
    ``hospitals`` is the GeoJSON, ``answer`` the answer dict, ``problem`` the problem+json body (``fallback`` is listed);
    ``facts`` may be None for an error page where no edition is published.
``texts.LANGUAGES``, ``texts.choose_language(asked, accepted)``
    ``asked`` is ``?lang=`` or None, ``accepted`` the languages of Accept-Language in order of preference.
``tiles.draw_tiles(network, folder, max_zoom=12, progress=None, *, osm=None) -> int``
    with ``osm`` also water and the names of places (``ground.read_ground``), kept in the folder with the tiles.
    and the sea around the roads (``sea.sea_within``) where there is a coast.
``street_names.StreetNames(network).sheet(zoom, x, y)``
    where names of streets can stand; the browser writes them (static/js/names.js).
``band_layer.draw_bands(folder, day, progress=None, *, only=None)``, ``band_layer.bands_of(folder) -> dict | None``
    the pictures of coverage that an edition seals for the public map, and where they lie.
``closed_roads.closed_roads(roads) -> dict``
    what is closed or slow now as GeoJSON, without who said it or why.
``tiles.DeepTiles(network, sealed, cache, edition_id, limit_mb=256)``
    ``network`` a RoadNetwork or a function that gives one; ``.tile(z, x, y)`` raises ``tiles.NoSuchTileError`` (404).
    ``Tile.final`` False means a scaled parent: send ``Cache-Control: no-store``.
``report.write_report(folder, *, edition_id, before, changes, problems, notes, population, progress, info)``
    writes ``report.html`` and ``coverage.json`` into an edition that is not sealed yet; ``report.make_report`` returns them.
``bands.coverage_image(access, capability, *, width_px=1024, spread_m=300.0) -> (png, bounds)``
    coverage bands for Folium's ``ImageOverlay``; ``access`` is what ``editions.access.open_access(folder, day=...)`` gives.
"""
