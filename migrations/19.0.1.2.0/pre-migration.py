def migrate(cr, version):
    """Scores keep their parts in their own row, no longer in a table of lines."""
    cr.execute("ALTER TABLE toxicity_score ADD COLUMN IF NOT EXISTS parts float8[]")
    cr.execute(
        """
        UPDATE toxicity_score score
           SET parts = kept.parts
          FROM (
            SELECT score_id,
                   ARRAY_AGG(
                       ARRAY[indicator_id, value::float8, intensity::float8,
                             load::float8]
                       ORDER BY indicator_id) AS parts
              FROM toxicity_score_line
          GROUP BY score_id
          ) kept
         WHERE kept.score_id = score.id
        """
    )
    cr.execute("DROP TABLE toxicity_score_line")
    cr.execute("DROP INDEX IF EXISTS toxicity_score__partner_id_index")
    cr.execute("DROP INDEX IF EXISTS toxicity_score_score_idx")
