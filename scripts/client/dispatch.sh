#!/bin/sh
# The same with curl, for a system that can run programs. Each prints the answer, and ends with 1 where it is none of the 2xx.
#
#   export STROKE_MAP_URL=https://clinical.example.org STROKE_MAP_KEY=sm_...
#   dispatch.sh nearest question.json        {"lat": 40.45708, "lon": 102.50532, "crs": "WGS-84", "condition": "stroke", "profile": "ambulance"}
#   dispatch.sh case case.json PRESS         {"question": {...}, "vehicle": "120-07"}
#   dispatch.sh alert alert.json PRESS       {"case": 17}
#   dispatch.sh alerts alerts.etag           prints nothing while nothing has changed
#
# PRESS is this press of the button's own name, 1 to 100 plain characters: given again, the same file is done once. Bodies are files, and the
# key comes by a pipe, because everybody on the machine can read the arguments of a program.
set -eu
: "${STROKE_MAP_URL:=http://127.0.0.1:8120}" "${STROKE_MAP_KEY:?is the key that \`stroke-map key add\` showed}"
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# Without --fail curl sends again what failed on the way, 429 and 5xx, and nothing that the service refuses.
ask() {
  path=$1
  shift
  status=$(printf 'Authorization: Bearer %s\n' "$STROKE_MAP_KEY" | curl --silent --show-error --max-time 5 \
    --retry 5 --retry-max-time 12 --retry-connrefused --retry-all-errors --header @- \
    --output "$answer" --write-out '%{http_code}' "$@" "$STROKE_MAP_URL/api/v1/$path")
  cat "$answer"
  case $status in 2?? | 304) ;; *) exit 1 ;; esac
}

case ${1:-} in
  nearest) ask route --header 'Content-Type: application/json' --data-binary "@$2" ;;
  case) ask cases --header 'Content-Type: application/json' --header "Idempotency-Key: $3" --data-binary "@$2" ;;
  alert) ask alerts --header 'Content-Type: application/json' --header "Idempotency-Key: $3" --data-binary "@$2" ;;
  alerts) ask alerts --etag-compare "$2" --etag-save "$2" ;;
  *)
    sed -n '2,/^set/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
