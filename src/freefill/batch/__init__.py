"""Many pictures: pairs of picture and mask, filled by a runner, noted in a journal that can be resumed."""
