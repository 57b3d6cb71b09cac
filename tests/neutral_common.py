import re

from lxml import html

# What our side calls things; a customer is to read none of it.
WORDS = re.compile(
    r"toxic|strain|\bscor(?:e|ing)|\bbands?\b|quarantine|difficult customer|\bexits?\b",
    re.IGNORECASE,
)
# Their bundles and scripts are Odoo's; a bundle's address may name any module.
ASSETS = ("script", "link", "style")


class NeutralCommon:
    """Whether what a customer gets to read holds a word of ours."""

    def assertNeutral(self, text, what, *secrets):
        """No word of ours in the text, its addresses and its markup, nor a secret."""
        self.assertTrue(text, f"{what} is empty")
        tree = html.fromstring(str(text))
        for element in tree.xpath("|".join(f"//{name}" for name in ASSETS)):
            element.drop_tree()
        shown = html.tostring(tree, encoding="unicode")
        for secret in secrets:
            self.assertNotIn(secret, shown, what)
        self.assertFalse(WORDS.findall(shown), what)
