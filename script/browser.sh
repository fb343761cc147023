# Sourced by script/test: the pages of the running server and of the gallery, in headless Chromium.

need_chromium
need_node
[ -d tests/browser/node_modules/playwright-core ] || (cd tests/browser && npm ci --silent --no-audit --no-fund)

say "Pages in a browser"
(cd tests/browser && node --test --test-reporter=spec)
