def migrate(cr, version):
    """Owners go on with their exits after the draft, until the approval.

    The rule is data that an update leaves alone; where it was changed, it stays.
    """
    cr.execute(
        """
        UPDATE ir_rule
           SET domain_force = %s
         WHERE domain_force = %s
           AND id IN (
            SELECT res_id
              FROM ir_model_data
             WHERE module = 'toxic_customer_exit'
               AND name = 'customer_exit_rule_owner')
        """,
        [
            "[('user_id', '=', user.id),"
            " ('state', 'in', ('draft', 'options', 'retained'))]",
            "[('user_id', '=', user.id), ('state', '=', 'draft')]",
        ],
    )
