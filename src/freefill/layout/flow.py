"""The least cut of a graph of hole pixels with their four neighbours.

References
----------
Boykov, Kolmogorov, An experimental comparison of min-cut/max-flow algorithms for energy minimization in vision, PAMI
2004, section 3: two search trees that are kept between augmentations.
Goldberg, Tarjan, A new approach to the maximum-flow problem, JACM 1988: what is pushed on lies where it came to; here
it only goes before the trees, which then find little left to do.
"""

from __future__ import annotations

import numpy as np

from freefill.compiling import kept

FREE, SOURCE, SINK = 0, 1, 2
TERMINAL, ORPHAN, NOTHING = 4, 5, -1
SWEEPS = 4  # of what is pushed on; with 8 it takes longer
FAR = 1 << 30  # to the root of a place that no tree reaches


@kept(nogil=True, error_model="numpy")
def least_cut(near, spare, terminal, side):
    """Find the least cut; write 1 into `side` for pixels on the source's side.

    Parameters
    ----------
    near : (n, 4) int32, neighbours to the right, below, left, above, or -1
    spare : (n, 4) float64, capacity of the arc to each neighbour; overwritten
    terminal : (n,) float64, above 0 the capacity from the source, below 0 that to the sink; overwritten
    side : (n,) uint8
    """
    count = len(terminal)
    _decide(near, spare, terminal, side)
    _send_near(near, spare, terminal)
    tree = np.zeros(count, np.uint8)
    parent = np.full(count, NOTHING, np.int8)
    stamp = np.zeros(count, np.int64)
    depth = np.zeros(count, np.int64)
    waiting = np.empty(count + 1, np.int32)  # a ring of active pixels, each in it once at most
    inside = np.zeros(count, np.uint8)
    first = last = 0
    orphans = np.empty(count, np.int32)
    for p in range(count):
        if terminal[p] != 0:
            tree[p] = SOURCE if terminal[p] > 0 else SINK
            parent[p] = TERMINAL
            depth[p] = 1
            waiting[last] = p
            last += 1
            inside[p] = 1
    time = 0
    while first != last:
        p = waiting[first]
        if tree[p] == FREE:
            inside[p] = 0
            first = first + 1 if first < count else 0
            continue
        # Grow this pixel's tree until it meets the other one.
        meets = NOTHING
        for k in range(4):
            q = near[p, k]
            if q < 0:
                continue
            room = spare[p, k] if tree[p] == SOURCE else spare[q, k ^ 2]  # k ^ 2: the opposite side
            if room <= 0:
                continue
            if tree[q] == FREE:
                tree[q] = tree[p]
                parent[q] = k ^ 2
                stamp[q], depth[q] = stamp[p], depth[p] + 1
                if not inside[q]:
                    waiting[last] = q
                    last = last + 1 if last < count else 0
                    inside[q] = 1
            elif tree[q] != tree[p]:
                meets = k
                break
            elif stamp[q] <= stamp[p] and depth[q] > depth[p]:
                parent[q] = k ^ 2
                stamp[q], depth[q] = stamp[p], depth[p] + 1
        if meets == NOTHING:
            inside[p] = 0
            first = first + 1 if first < count else 0
            continue
        time += 1
        q = near[p, meets]
        one, other, arc = (p, q, meets) if tree[p] == SOURCE else (q, p, meets ^ 2)
        left = _augment(near, spare, terminal, parent, one, other, arc, orphans)
        # Find new parents for what was cut off.
        while left > 0:
            left -= 1
            p = orphans[left]
            best, nearest = NOTHING, FAR
            for k in range(4):
                q = near[p, k]
                if q < 0 or tree[q] != tree[p] or parent[q] == NOTHING:
                    continue
                room = spare[q, k ^ 2] if tree[p] == SOURCE else spare[p, k]
                if room <= 0:
                    continue
                far = _depth(near, parent, stamp, depth, q, time)
                if far < nearest:
                    best, nearest = k, far
            if best != NOTHING:
                parent[p] = best
                stamp[p], depth[p] = time, nearest + 1
                continue
            for k in range(4):
                q = near[p, k]
                if q < 0 or tree[q] != tree[p]:
                    continue
                room = spare[q, k ^ 2] if tree[p] == SOURCE else spare[p, k]
                if room > 0 and not inside[q]:
                    waiting[last] = q
                    last = last + 1 if last < count else 0
                    inside[q] = 1
                if parent[q] == (k ^ 2):
                    parent[q] = ORPHAN
                    orphans[left] = q
                    left += 1
            tree[p] = FREE
            parent[p] = NOTHING
    for p in range(count):
        if tree[p] == SOURCE:
            side[p] = 1


@kept(nogil=True, error_model="numpy")
def _decide(near, spare, terminal, side):
    """Write the sides of pixels that are plain, and take them out of the graph; the sides of all others get 0.

    What has more room to its terminal than to and from all its neighbours goes with that terminal, whatever they do.
    Its neighbours then hang on the terminal instead of on it, and may be plain in turn: few are left for the trees.
    """
    count = len(terminal)
    gone, queued = np.zeros(count, np.uint8), np.ones(count, np.uint8)
    asked = np.empty(count, np.int32)
    for p in range(count):
        asked[p] = count - 1 - p
        side[p] = 0
    left = count
    while left > 0:
        left -= 1
        p = asked[left]
        queued[p] = 0
        room = 0.0
        if terminal[p] > 0:
            for k in range(4):
                room += spare[p, k]
            if terminal[p] <= room:
                continue
            side[p] = 1
        else:
            for k in range(4):
                if near[p, k] >= 0:
                    room += spare[near[p, k], k ^ 2]
            if terminal[p] + room > 0:
                continue
        gone[p] = 1
        terminal[p] = 0
        for k in range(4):
            q = near[p, k]
            if q < 0 or gone[q]:
                continue
            terminal[q] += spare[p, k] if side[p] else -spare[q, k ^ 2]
            spare[p, k] = spare[q, k ^ 2] = 0
            if not queued[q]:
                queued[q] = 1
                asked[left] = q
                left += 1


@kept(nogil=True, error_model="numpy")
def _depth(near, parent, stamp, depth, start, time):
    """Return how far a pixel lies from its terminal, or FAR where its tree reaches none; remember it."""
    far = 0
    q = start
    while True:
        if stamp[q] == time and parent[q] != ORPHAN:
            far += depth[q]
            break
        if parent[q] == TERMINAL:
            stamp[q], depth[q] = time, 1
            far += 1
            break
        if parent[q] == ORPHAN or parent[q] == NOTHING:
            return FAR
        far += 1
        q = near[q, parent[q]]
    total = far
    q = start
    while stamp[q] != time:
        stamp[q], depth[q] = time, far
        far -= 1
        q = near[q, parent[q]]
    return total


@kept(nogil=True, error_model="numpy")
def _augment(near, spare, terminal, parent, one, other, arc, orphans):
    """Send as much as fits along the path through `arc` from `one` to `other`; return how many pixels it cut off."""
    most = spare[one, arc]
    p = one
    while parent[p] != TERMINAL:
        k = parent[p]
        up = near[p, k]
        most = min(most, spare[up, k ^ 2])
        p = up
    most = min(most, terminal[p])
    p = other
    while parent[p] != TERMINAL:
        k = parent[p]
        most = min(most, spare[p, k])
        p = near[p, k]
    most = min(most, -terminal[p])
    left = 0
    spare[one, arc] -= most
    spare[other, arc ^ 2] += most
    p = one
    while parent[p] != TERMINAL:
        k = parent[p]
        up = near[p, k]
        spare[up, k ^ 2] -= most
        spare[p, k] += most
        if spare[up, k ^ 2] <= 0:
            parent[p] = ORPHAN
            orphans[left] = p
            left += 1
        p = up
    terminal[p] -= most
    if terminal[p] <= 0:
        parent[p] = ORPHAN
        orphans[left] = p
        left += 1
    p = other
    while parent[p] != TERMINAL:
        k = parent[p]
        up = near[p, k]
        spare[p, k] -= most
        spare[up, k ^ 2] += most
        if spare[p, k] <= 0:
            parent[p] = ORPHAN
            orphans[left] = p
            left += 1
        p = up
    terminal[p] += most
    if terminal[p] >= 0:
        parent[p] = ORPHAN
        orphans[left] = p
        left += 1
    return left


@kept(nogil=True, error_model="numpy")
def _send_near(near, spare, terminal):
    """Send what comes from the source on to the sink where that is near, before any tree is grown.

    What finds no sink beside it is pushed on, to the right and below, then to the left and above: a place that holds
    it hangs on the source as well as the one that it came from, so the cut stays the same.
    """
    count = len(terminal)
    for sweep in range(SWEEPS):
        onwards = 0 < sweep < SWEEPS - 1
        for n in range(count):
            p = n if sweep % 2 == 0 else count - 1 - n
            if terminal[p] <= 0:
                continue
            for k in range(4):
                q = near[p, k]
                if q >= 0 and terminal[q] < 0:
                    _push(spare, terminal, p, q, k, min(spare[p, k], -terminal[q]))
            for side in range(2):
                k = side if sweep % 2 == 0 else side + 2
                if onwards and near[p, k] >= 0 and terminal[p] > 0:
                    _push(spare, terminal, p, near[p, k], k, spare[p, k])


@kept(nogil=True, error_model="numpy")
def _push(spare, terminal, p, q, k, room):
    """Push what p has from the source to q, its neighbour k, at most `room`."""
    most = min(terminal[p], room)
    terminal[p] -= most
    terminal[q] += most
    spare[p, k] -= most
    spare[q, k ^ 2] += most
