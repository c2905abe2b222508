# SPDX-License-Identifier: GPL-2.0-or-later
# "make help" lists the targets.

export VTUN_VERSION := 0.1.0

# running | 6.1 | 6.12 | 7.3 | a full release
KVER ?= running
BUILD ?= build
DEBUG ?=
# flags for kbuild: W=1 and C=1 or C=2
KFLAGS := $(if $(W),W=$(W)) $(if $(C),C=$(C)) $(if $(V),V=$(V))

# checks run on the kernel of Debian 12 unless told otherwise
TESTKVER := $(if $(filter running,$(KVER)),6.1,$(KVER))

all: module userspace

module:
	@selftests/vm/module $(if $(DEBUG),-d) -o $(BUILD) $(KVER) $(KFLAGS)

# several makes at once must not write the same object
userspace: | $(BUILD)
	@flock $(BUILD)/.lock-userspace $(MAKE) --no-print-directory \
		-C userspace BUILD=$(abspath $(BUILD))
	@flock $(BUILD)/.lock-userspace $(MAKE) -s --no-print-directory \
		-C selftests/net OUT=$(abspath $(BUILD))/selftests

programs: | $(BUILD)
	@flock $(BUILD)/.lock-userspace $(MAKE) --no-print-directory \
		-C userspace BUILD=$(abspath $(BUILD)) programs

$(BUILD):
	@mkdir -p $@

deps:
	@selftests/deps/deps $(TESTKVER)

lint:
	@selftests/check/lint

check:
	@KVER=$(TESTKVER) TESTS='$(TESTS)' selftests/check/run

check-matrix:
	@TESTS='$(TESTS)' selftests/check/matrix 6.1 6.12 7.3

demo:
	@KVER=$(TESTKVER) selftests/demo/run

bench:
	@KVER=$(TESTKVER) selftests/bench/run

clean:
	rm -rf $(BUILD)

.PHONY: all module userspace programs deps lint check check-matrix demo \
	bench clean
