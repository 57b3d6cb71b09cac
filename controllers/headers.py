"""What goes with every page that a link alone opens."""

# The link is the key: it is kept out of caches, search engines and other sites.
HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
