# Sourced by script/test: the API's description is linted, then tried against the running server.

need_python_venv
if [ ! -x .venv/bin/schemathesis ] || ! .venv/bin/pip freeze 2>/dev/null | grep -qixF "$(cat tests/api/requirements.txt)"; then
  say "Installing schemathesis"
  python3 -m venv .venv
  .venv/bin/pip install --quiet --disable-pip-version-check --requirement tests/api/requirements.txt
fi
need_node
[ -x tests/api/node_modules/.bin/redocly ] || (cd tests/api && npm ci --silent --no-audit --no-fund)

say "The API's description"
curl -fsS "$THROUGHLINE_URL/openapi.json" >"$scratch/openapi.json"
if ! cmp -s <(python3 -m json.tool --indent 1 --sort-keys "$scratch/openapi.json") openapi/v1.json; then
  if [ "${UPDATE_OPENAPI:-}" = 1 ]; then
    mkdir -p openapi && python3 -m json.tool --indent 1 --sort-keys "$scratch/openapi.json" >openapi/v1.json
  else
    echo "openapi/v1.json is not what the server says; run UPDATE_OPENAPI=1 script/test and commit it" >&2; exit 1
  fi
fi
tests/api/node_modules/.bin/redocly lint --config tests/api/redocly.yaml openapi/v1.json 2>&1 | grep -v -E 'Node|^ *[╔║╚]' || true
tests/api/node_modules/.bin/redocly lint --config tests/api/redocly.yaml openapi/v1.json >/dev/null 2>&1

# Each half of the operations has a process of its own, because one keeps one processor busy and waits for the server in between.
say "The API against its description"
try_api() { # a name for its log, and which paths
  (cd tests/api && SCHEMATHESIS_HOOKS=hooks.py ../../.venv/bin/schemathesis --config-file schemathesis.toml run \
    "$THROUGHLINE_URL/openapi.json" --header "Authorization: Bearer $THROUGHLINE_TOKEN" "${@:2}" >"$scratch/schemathesis-$1.log" 2>&1)
}
first='^/v1/[a-m]'
try_api first --include-path-regex "$first" & first_half=$!
try_api second --exclude-path-regex "$first" & second_half=$!
cases=0 mismatch=
for half in first second; do
  process=${half}_half log=$scratch/schemathesis-$half.log
  wait "${!process}" || { mismatch=yes
    sed -n '/= FAILURES =/,/= WARNINGS =/p; /= ERRORS =/,/= FAILURES =/p' "$log" | cut -c1-600 | head -n 150; tail -n 20 "$log"; }
  cases=$((cases + $(grep -oE '^ *[0-9]+ generated' "$log" | grep -oE '[0-9]+' || echo 0)))
done
[ -z "$mismatch" ] || exit 1
echo "$cases cases, no mismatch"
[ "$cases" -ge 10000 ] || { echo "fewer than 10,000 cases were tried" >&2; exit 1; }
