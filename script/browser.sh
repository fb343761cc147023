# Sourced by script/test: the gallery of every page in every state, and the running server, in headless Chromium.
. script/browsing.sh
need_browser

say "The gallery of pages in a browser"
(cd tests/browser && node --test --test-reporter=spec axe.test.mjs script.test.mjs)
say "The story on the running server"
THROUGHLINE_DATA=$data tell_the_story
say "The running server in a browser"
browse site.test.mjs
