def copy_if_readable(records, vals_list, name):
    """Take a field of ours along in copies made by those who may see it.

    Odoo reads all that is copied as the user, so that it could not be copied by others.
    """
    if records._has_field_access(records._fields[name], "read"):
        for record, vals in zip(records, vals_list, strict=True):
            vals.setdefault(
                name, record._fields[name].convert_to_write(record[name], record)
            )
    return vals_list
