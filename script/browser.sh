# Sourced by script/test: the gallery of every page in every state, and the running server, in headless Chromium.

need_chromium
need_node
[ -d tests/browser/node_modules/playwright-core ] || (cd tests/browser && npm ci --silent --no-audit --no-fund)

credential() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$THROUGHLINE_CREDENTIALS" "$1"; }

say "The gallery of pages in a browser"
(cd tests/browser && node --test --test-reporter=spec axe.test.mjs script.test.mjs)
say "The running server in a browser"
(cd tests/browser && BASE_URL=$THROUGHLINE_URL SITE_EMAIL=$(credential email) SITE_PASSWORD=$(credential password) SITE_TOKEN=$(credential token) \
  node --test --test-reporter=spec site.test.mjs)
