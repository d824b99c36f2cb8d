"""Work shared out: a task named as text, a runner that does it for many items, a journal that can be resumed."""
