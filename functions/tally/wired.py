"""The tally's services, made once per process."""

from undersigned.wiring import Wiring

stack = Wiring.of_environment("table_name", "budget_sizes")
tallying = stack.counting.tallying
freeing = stack.counting.freeing
