"""Compute the scores and print the five riskiest customers; runs in Odoo's shell."""

env = env  # noqa: F821, PLW0127 (given by the shell)


def print_riskiest():
    if "toxicity.score" not in env:
        print("No scores yet: the model is not there.")
        return
    env["toxicity.score"]._cron_rescore()
    env.cr.commit()
    scores = env["toxicity.score"].search([], order="score desc, id", limit=5)
    bands = dict(scores._fields["band"]._description_selection(env))
    print("The five riskiest customers:")
    for score in scores:
        strongest = max(score.line_ids, key=lambda line: line.load, default=None)
        reason = strongest.indicator_id.name if strongest else "no reason recorded"
        band = bands.get(score.band, score.band)
        print(f"  {score.score:5.1f}  {band:10}  {score.partner_id.name:30}  {reason}")


print_riskiest()
