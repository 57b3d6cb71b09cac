from . import test_scope_change
from . import test_scope_change_detection
