"""What the application costs, from its templates and one file of list prices."""
