#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is proved by which test, and whether the documents say so.
command -v python3 > /dev/null || { echo "1..0 # SKIP no python3"; exit 4; }
exec python3 "${0%.sh}.py"
