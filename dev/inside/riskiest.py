"""Compute the scores and print the five riskiest customers; runs in Odoo's shell."""

env = env  # noqa: F821, PLW0127 (given by the shell)


def print_riskiest():
    scores = env["toxicity.score"]
    scores._cron_rescore()
    env.cr.commit()
    riskiest = scores.search([], order="score desc, credit, id", limit=5)
    bands = dict(scores._fields["band"]._description_selection(env))
    several_companies = len(scores.search([]).company_id) > 1
    print("The five riskiest customers:")
    for score in riskiest:
        name = score.partner_id.display_name
        if several_companies:
            name += f" ({score.company_id.name})"
        band = bands.get(score.band, score.band)
        print(f"  {score.score:5.1f}  {band:9}  {name:44}  {strongest_reason(score)}")
    if not riskiest:
        print("  none: nothing was recorded or measured yet.")


def strongest_reason(score):
    strongest = max(score.line_ids, key=lambda line: line.load, default=None)
    return strongest.indicator_id.name if strongest else "no reason recorded"


print_riskiest()
