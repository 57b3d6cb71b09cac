from . import test_customer_exit
from . import test_final_invoice
from . import test_scope_change
from . import test_scope_change_detection
