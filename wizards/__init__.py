from . import final_invoice_preview
