# Shared by scripts/serve and scripts/test: `prepare_venv serve|test` leaves a .venv with this project in it.
# To be sourced from the project's folder by a POSIX shell.

VENV=.venv

say() { printf '%s\n' "$*" >&2; }

# Print the first Python that is new enough and can make a venv. The pyenv shims of versions that are not selected
# exist but fail, hence each candidate is run, not just looked up.
find_python() {
  without_venv=
  for candidate in python3.13 python3.12 python3.11 python3; do
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    if "$candidate" -c 'import ensurepip, venv' 2>/dev/null; then
      printf '%s\n' "$candidate"
      return 0
    fi
    without_venv=${without_venv:-$candidate}
  done
  if [ -n "$without_venv" ]; then
    version=$("$without_venv" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    say "$without_venv cannot make virtual environments: install the package python$version-venv (or python3-venv)"
    say "of your system, for example: sudo apt-get install python$version-venv"
  else
    say "Python 3.11 or newer is needed: install the packages python3 and python3-venv of your system."
  fi
  return 1
}

# What an install depends on: pyproject.toml, and where this checkout is (an editable install points there).
install_key() {
  "$VENV/bin/python" -c 'import hashlib, os, pathlib
text = pathlib.Path("pyproject.toml").read_bytes() + os.fsencode(os.getcwd())
print(hashlib.sha256(text).hexdigest())'
}

prepare_venv() {
  if ! "$VENV/bin/python" -c 'import pip' 2>/dev/null; then
    python=$(find_python) || return 1
    say "Making $VENV with $("$python" --version)"
    "$python" -m venv --clear "$VENV" || return 1
  fi
  key=$(install_key) || return 1
  stamp="$VENV/installed-for-$1"
  # What tests need includes what serving needs.
  for known in "$stamp" "$VENV/installed-for-test"; do
    [ "$(cat "$known" 2>/dev/null)" = "$key" ] && return 0
  done
  case $1 in
    test) wanted='.[test]' ;;
    *) wanted=. ;;
  esac
  say "Installing stroke_map and what it needs into $VENV (a minute or two, the first time only)"
  "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input -e "$wanted" >&2 || return 1
  printf '%s\n' "$key" >"$stamp"
}
