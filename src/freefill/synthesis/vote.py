"""From a field to colours: every hole pixel is the mean of what the patches over it would put there."""

from __future__ import annotations

import numpy as np

from freefill.synthesis.compiled import kernel


@kernel
def vote(first, last, bounds, sheet, voted, field, weight, boost, change):
    """Write the weighted mean over the up to 49 covering patches into the picture, and each strip's summed change.

    The first `voted` channels are written. Source pixels that may not be copied from do not vote.
    """
    channels = len(sheet.marks)
    height, width = sheet.height, sheet.width
    total = np.empty(channels, np.float32)
    for strip in range(first, last):
        moved = 0.0
        for n in range(bounds[strip], bounds[strip + 1]):
            row, col = sheet.holes[n, 0], sheet.holes[n, 1]
            total[:] = 0
            sure = np.float32(0)
            for i in range(-3, 4):
                y = row + i
                if y < 0 or y >= height:
                    continue
                for j in range(-3, 4):
                    x = col + j
                    if x < 0 or x >= width:
                        continue
                    target = sheet.index[y * width + x]
                    if target < 0:
                        continue
                    here = (field[target, 0] - i) * width + field[target, 1] - j
                    if sheet.valid[here]:
                        w = weight[target]
                        sure += w
                        for k in range(channels):
                            total[k] += w * np.float32(sheet.source[here * channels + k])
            if sure > 0:
                place = (row * width + col) * channels
                for k in range(voted):
                    mean = total[k] / sure
                    if k >= 3:
                        mean = min(mean * boost, np.float32(254))  # 255 marks what may not be copied from
                    value = np.uint8(mean + np.float32(0.5))
                    if k < 3:
                        moved += abs(np.int64(value) - np.int64(sheet.filled[place + k]))
                    sheet.filled[place + k] = value
        change[strip] = moved


@kernel
def majority(first, last, bounds, sheet, field, weight, copied, sureness):
    """Write for every hole pixel the source pixel with the largest summed weight; equal sources add up.

    A majority leaves fewer islands than the one best patch. `sureness` is the winner's share of all weight.
    """
    height, width = sheet.height, sheet.width
    places = np.empty(49, np.int64)
    sums = np.empty(49, np.float32)
    for n in range(bounds[first], bounds[last]):
        row, col = sheet.holes[n, 0], sheet.holes[n, 1]
        count = 0
        everything = np.float32(0)
        for i in range(-3, 4):
            y = row + i
            if y < 0 or y >= height:
                continue
            for j in range(-3, 4):
                x = col + j
                if x < 0 or x >= width:
                    continue
                target = sheet.index[y * width + x]
                if target < 0:
                    continue
                here = (field[target, 0] - i) * width + field[target, 1] - j
                if not sheet.valid[here]:
                    continue
                everything += weight[target]
                k = 0
                while k < count and places[k] != here:
                    k += 1
                if k == count:
                    places[k] = here
                    sums[k] = 0
                    count += 1
                sums[k] += weight[target]
        best = np.float32(-1)
        for k in range(count):
            if sums[k] > best:
                best = sums[k]
                copied[n, 0] = places[k] // width
                copied[n, 1] = places[k] % width
        sureness[n] = best / everything if count > 0 else 0
