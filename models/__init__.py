from . import project_project
from . import sale_order
from . import sale_order_line
from . import scope_change
from . import scope_change_item
