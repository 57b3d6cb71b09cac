def migrate(cr, version):
    """Lines read from their score what they kept twice."""
    cr.execute(
        """
        ALTER TABLE toxicity_score_line
        DROP COLUMN IF EXISTS partner_id,
        DROP COLUMN IF EXISTS create_uid,
        DROP COLUMN IF EXISTS create_date,
        DROP COLUMN IF EXISTS write_uid,
        DROP COLUMN IF EXISTS write_date
        """
    )
    cr.execute("DROP INDEX IF EXISTS toxicity_score__partner_id_index")
    cr.execute("DROP INDEX IF EXISTS toxicity_score_score_idx")
