"""Many pictures: pairs of picture and mask, worker processes, a journal that can be resumed."""
