# Sourced by the scripts that look at pages: Chromium and what drives it, and the story that a server with the demonstration is led through.

need_browser() {
  need_chromium; need_node
  [ -d tests/browser/node_modules/playwright-core ] || (cd tests/browser && npm ci --silent --no-audit --no-fund)
}

credential() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$THROUGHLINE_CREDENTIALS" "$1"; }

# Runs a test of pages against the server whose THROUGHLINE_CREDENTIALS these are.
browse() {
  (cd tests/browser && BASE_URL=$(credential url) SITE_EMAIL=$(credential email) SITE_PASSWORD=$(credential password) SITE_TOKEN=$(credential token) \
    node --test --test-reporter=spec "$@")
}

# docs/story.md; THROUGHLINE_DATA is the server's data directory, and programs are those that were just built.
tell_the_story() {
  local built; built=$(realpath "${CARGO_TARGET_DIR:-target}/debug")
  THROUGHLINE=$built/throughline XTASK=$built/xtask browse story.test.mjs
}
