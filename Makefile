# tornbit: `make help` lists the targets.
#
# Layers are libraries: a test of sim links libsim alone, a test of core links
# libcore alone, so the link line proves what each may know (the #include lines
# are checked by tools/tidy).
#
# Everything that is built lies in $(BUILD), so that several builds live side by
# side:   make BUILD=build-clang CC=clang OPT=-O3
# A change of compiler or flags rebuilds what it touches.

CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG ?= clang
AR := $(if $(filter default,$(origin AR)),ar,$(AR))
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
OPT ?= -O2
# The littlefs under test: a folder with lfs.c, lfs.h, lfs_util.c and lfs_util.h.
LITTLEFS ?= core/littlefs
LITTLEFS_LACKS := $(filter-out $(wildcard $(LITTLEFS)/*),$(LITTLEFS)/lfs.c $(LITTLEFS)/lfs.h \
	$(LITTLEFS)/lfs_util.c $(LITTLEFS)/lfs_util.h)
ifneq ($(LITTLEFS_LACKS),)
$(error LITTLEFS is "$(LITTLEFS)", and there is no $(LITTLEFS_LACKS); it must be a folder with lfs.c, lfs.h, lfs_util.c and lfs_util.h, its name without blanks)
endif
SAN ?=
JOBS ?= 2
VERSION := 0.1

# make takes names apart at blanks, and rules and shells at these letters.
ifneq ($(words $(BUILD))$(strip $(foreach c,% : ; & | * ? ' " < > ~ \ `,$(findstring $c,$(BUILD)))),1)
$(error BUILD is "$(BUILD)"; it must be one name without blanks, quotes and letters that are special to make or a shell)
endif
ifneq ($(strip $(BUILD)),$(BUILD))
$(error BUILD begins or ends with a blank; it must be one name without blanks)
endif

WARN = -Wall -Wextra -Wconversion -Wmissing-prototypes -Wstrict-prototypes
CFLAGS ?= -g
# The prefix map keeps the place of the checkout out of the program.
ALL_CFLAGS = -std=c11 $(OPT) $(CFLAGS) $(WARN) -fdebug-prefix-map=$(CURDIR)=. \
	-MMD -MP $(SAN)
LDLIBS_FUZZ = -lsqlite3 -ldl

# Each layer sees its own headers and those below it, nothing else.
INC_sim = -Isim
INC_core = -Icore
INC_fuzz = -Ifuzz -Isim -Icore -I$(BUILD) -DTORNBIT_VERSION='"$(VERSION)"'

SIM_SRC := $(sort $(wildcard sim/*.c))
CORE_SRC := $(sort $(wildcard core/*/*.c))
CORE_SRC := $(filter-out core/test/% core/bench/%,$(CORE_SRC))
LFS_SRC := core/littlefs/lfs.c core/littlefs/lfs_util.c
LFS_FILES := $(sort $(wildcard core/littlefs/*.[ch] core/littlefs/src/*.[ch]))
MAIN_SRC := $(sort $(wildcard fuzz/main_*.c))
BUS_SO_SRC := fuzz/bus_vtab_so.c fuzz/bus_vtab.c fuzz/buslog.c sim/base.c
FUZZ_SRC := $(sort $(filter-out $(MAIN_SRC) fuzz/bus_vtab_so.c fuzz/subject_littlefs.c, \
	$(wildcard fuzz/*.c)) \
	$(wildcard fuzz/planted/*.c))
TARGET_SRC := $(sort $(wildcard fuzz/targets/*.c))
BENCH_SRC := $(sort $(wildcard fuzz/bench/*.c))
PARTS := $(sort $(wildcard sim/parts/*.part))

SIM_OBJ := $(SIM_SRC:%.c=$(BUILD)/%.o) $(BUILD)/parts_builtin.o
CORE_OBJ := $(CORE_SRC:%.c=$(BUILD)/%.o)
FUZZ_OBJ := $(FUZZ_SRC:%.c=$(BUILD)/%.o) $(BUILD)/littlefs/tested.o
MAIN_OBJ := $(MAIN_SRC:%.c=$(BUILD)/%.o)
TARGET_OBJ := $(TARGET_SRC:%.c=$(BUILD)/%.o)
BENCH_OBJ := $(BENCH_SRC:%.c=$(BUILD)/%.o)
LIBS := $(BUILD)/libfuzz.a $(BUILD)/libcore.a $(BUILD)/libsim.a

SIM_TEST := $(patsubst sim/test/%.c,$(BUILD)/test/sim_%,$(wildcard sim/test/test_*.c))
CORE_TEST := $(patsubst core/test/%.c,$(BUILD)/test/core_%,$(wildcard core/test/test_*.c))
FUZZ_TEST := $(patsubst fuzz/test/%.c,$(BUILD)/test/fuzz_%,$(wildcard fuzz/test/test_*.c))
C_TEST := $(sort $(SIM_TEST) $(CORE_TEST) $(FUZZ_TEST))
SCRIPT_TEST := $(sort $(wildcard $(foreach d,sim core fuzz reports tools, \
	$d/test/test_*.sh $d/test/test_*.py)))

# fuzz/mutants/NN-name.patch makes $(BUILD)/mutants/NN/tornbit.
MUTANTS := $(foreach p,$(sort $(wildcard fuzz/mutants/*.patch)), \
	$(BUILD)/mutants/$(firstword $(subst -, ,$(notdir $p)))/tornbit)

# Sub-makes share the caller's job slots, or take $(JOBS) of their own.
SUB = +$(MAKE) --no-print-directory \
	$(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(JOBS))

.DELETE_ON_ERROR:
.PRECIOUS: $(BUILD)/lib%.list
.SECONDEXPANSION:
.PHONY: FORCE

.PHONY: all
all: $(if $(filter build,$(BUILD)),tornbit,$(BUILD)/tornbit) $(BUILD)/tornbit_bus.so ## build the program (default)

tornbit: $(BUILD)/tornbit
	cp $< $@.new && mv $@.new $@

$(BUILD)/tornbit: $(BUILD)/fuzz/main_tornbit.o $(LIBS)
	$(CC) $(SAN) -rdynamic -o $@ $^ $(LDLIBS_FUZZ)

# The table `bus` for every program that uses SQLite; it brings nothing else along.
BUS_SO_OBJ := $(BUS_SO_SRC:%.c=$(BUILD)/so/%.o)
$(BUILD)/tornbit_bus.so: $(BUS_SO_OBJ)
	$(CC) $(SAN) -shared -o $@ $^
$(BUILD)/so/%.o: INC = $(INC_fuzz) -fPIC -fvisibility=hidden -DTORNBIT_EXTENSION
$(BUS_SO_OBJ): | $(BUILD)/code_hash.h
$(BUILD)/so/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(INC) -c -o $@ $<

# One file for libFuzzer and AFL++: the engine is what CC links.
$(BUILD)/fuzz_tornbit: $(BUILD)/fuzz/main_libfuzzer.o $(TARGET_OBJ) $(LIBS)
	$(CC) $(SAN) -fsanitize=fuzzer -o $@ $^ $(LDLIBS_FUZZ)

# The same targets without an engine, for files that are kept.
$(BUILD)/fuzz_corpus: $(BUILD)/fuzz/main_corpus.o $(TARGET_OBJ) $(LIBS)
	$(CC) $(SAN) -o $@ $^ $(LDLIBS_FUZZ)

$(BUILD)/bench: $(BENCH_OBJ) $(LIBS)
	$(CC) $(SAN) -o $@ $^ $(LDLIBS_FUZZ)

### libraries

$(BUILD)/libsim.a: $(SIM_OBJ)
$(BUILD)/libcore.a: $(CORE_OBJ)
$(BUILD)/libfuzz.a: $(FUZZ_OBJ)
$(BUILD)/libtornbit.a: $(SIM_OBJ) $(CORE_OBJ) $(FUZZ_OBJ)
# q, not r: two layers may have a file of the same name.
$(BUILD)/lib%.a: $(BUILD)/lib%.list
	rm -f $@
	$(AR) qcs $@ $(filter %.o,$^)

# A library is made again when a file has left it as well.
$(BUILD)/lib%.list: FORCE
	@mkdir -p $(@D)
	@echo '$(SIM_OBJ) $(CORE_OBJ) $(FUZZ_OBJ)' | cmp -s - $@ || \
		echo '$(SIM_OBJ) $(CORE_OBJ) $(FUZZ_OBJ)' > $@

### objects

$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo $(call quote,$(CC) $(ALL_CFLAGS) $(INC_fuzz) $(LITTLEFS)) | cmp -s - $@ || \
		echo $(call quote,$(CC) $(ALL_CFLAGS) $(INC_fuzz) $(LITTLEFS)) > $@
quote = '$(subst ','\'',$1)'

$(BUILD)/sim/%.o: INC = $(INC_sim)
$(BUILD)/parts_builtin.o: INC = $(INC_sim)
$(BUILD)/core/%.o: INC = $(INC_core)
# Its messages would stand between those of the program.
$(BUILD)/core/littlefs/%.o: INC = $(INC_core) $(LFS_QUIET)
$(BUILD)/fuzz/%.o: INC = $(INC_fuzz)
$(FUZZ_OBJ) $(MAIN_OBJ) $(TARGET_OBJ) $(BENCH_OBJ): | $(BUILD)/code_hash.h

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(INC) -c -o $@ $<

$(BUILD)/parts_builtin.o: $(BUILD)/parts_builtin.c $(BUILD)/flags
	$(CC) $(ALL_CFLAGS) $(INC) -c -o $@ $<

$(BUILD)/parts_builtin.c: tools/embed $(PARTS)
	@mkdir -p $(@D)
	tools/embed $(PARTS) > $@.new
	mv $@.new $@

# CODE_HASH_WOFS and its like: tb_subject.code_hash of the stores in core/.
$(BUILD)/code_hash.h: tools/code-hash $(wildcard core/*/*.[ch])
	@mkdir -p $(@D)
	tools/code-hash > $@.new
	mv $@.new $@

# The littlefs under test and its adapter, as one object that shows nothing but the
# subject: the program may use another one besides. Others' code is compiled
# without warnings; its assertions are findings (fuzz/littlefs_assert).
LITTLEFS_DEF = -DLFS_NO_MALLOC -DLFS_NO_DEBUG -DLFS_NO_WARN -DLFS_NO_ERROR
LITTLEFS_CC = $(CC) -std=gnu11 $(OPT) $(CFLAGS) -w -fdebug-prefix-map=$(CURDIR)=. -MMD -MP \
	$(SAN) -Ifuzz/littlefs_assert $(LITTLEFS_DEF)
LITTLEFS_HEAD = $(wildcard $(LITTLEFS)/*.[ch] $(LITTLEFS)/src/*.[ch])

$(BUILD)/littlefs_has.h: tools/littlefs-has $(LITTLEFS_HEAD) $(BUILD)/flags
	CC='$(CC)' tools/littlefs-has '$(LITTLEFS)' > $@.new
	mv $@.new $@
$(BUILD)/littlefs/adapter.o: fuzz/subject_littlefs.c $(BUILD)/littlefs_has.h $(BUILD)/code_hash.h
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(INC_fuzz) $(LITTLEFS_DEF) -isystem $(LITTLEFS) -c -o $@ $<
$(BUILD)/littlefs/lfs.o $(BUILD)/littlefs/lfs_util.o: $(BUILD)/littlefs/%.o: $(LITTLEFS)/%.c \
		$(BUILD)/littlefs_has.h
	@mkdir -p $(@D)
	$(LITTLEFS_CC) -c -o $@ $<
$(BUILD)/littlefs/tested.o: $(BUILD)/littlefs/adapter.o $(BUILD)/littlefs/lfs.o \
		$(BUILD)/littlefs/lfs_util.o
	ld -r -o $@.all $^
	objcopy --keep-global-symbol=littlefs --keep-global-symbol=littlefs_strict $@.all $@
	@rm -f $@.all

### tests

$(BUILD)/test/sim_%: sim/test/%.c $(BUILD)/libsim.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MT $@ -MF $@.d $(INC_sim) -o $@ $< $(BUILD)/libsim.a
$(BUILD)/test/core_%: core/test/%.c $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MT $@ -MF $@.d $(INC_core) -Isim/test -o $@ $< $(BUILD)/libcore.a
$(BUILD)/test/fuzz_%: fuzz/test/%.c $(LIBS) | $(BUILD)/code_hash.h
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MT $@ -MF $@.d $(INC_fuzz) -Isim/test -o $@ $< \
		$(LIBS) $(LDLIBS_FUZZ)

# A littlefs of its own: with versions to choose, and silent.
LFS_QUIET = -DLFS_NO_DEBUG -DLFS_NO_WARN -DLFS_NO_ERROR
ONE_STEP = $(CC) $(filter-out -MMD -MP,$(ALL_CFLAGS))
$(BUILD)/lfs_driver: core/test/lfs_driver.c $(LFS_FILES) $(BUILD)/flags
	$(ONE_STEP) $(LFS_QUIET) -DLFS_MULTIVERSION $(INC_core) -o $@ $< $(LFS_SRC)

# The workloads on the littlefs under test.
$(BUILD)/lfs_workloads $(BUILD)/lfs_row: $(BUILD)/lfs_%: core/bench/lfs_%.c core/bench/lfs_workloads.c \
		$(LFS_FILES) $(LITTLEFS)/lfs.c $(BUILD)/flags
	$(ONE_STEP) -Wno-conversion $(LFS_QUIET) -I$(LITTLEFS) -o $@ $< \
		$(LITTLEFS)/lfs.c $(LITTLEFS)/lfs_util.c

# A mutant is the program with a patched copy of core/wofs, or of core/littlefs, in
# place of it; tools/mutate makes the copy of the one that the patch is for.
$(BUILD)/mutants/%/tornbit: $$(wildcard fuzz/mutants/$$*-*.patch) tools/mutate \
		$(wildcard core/wofs/*.[ch]) $(LITTLEFS_HEAD) $(BUILD)/fuzz/main_tornbit.o $(LIBS)
	tools/mutate '$(filter %.patch,$^)' $(@D)
	for c in $(@D)/core/wofs/*.c; do \
		[ ! -f $$c ] || $(CC) $(ALL_CFLAGS) -I$(@D)/core $(INC_core) -c -o $${c%.c}.o $$c || exit 1; \
	done
	for c in $(@D)/core/littlefs/lfs.c; do \
		[ ! -f $$c ] || { $(LITTLEFS_CC) -c -o $(@D)/lfs.o $$c && \
		ld -r -o $(@D)/all.o $(BUILD)/littlefs/adapter.o $(@D)/lfs.o $(BUILD)/littlefs/lfs_util.o && \
		objcopy --keep-global-symbol=littlefs --keep-global-symbol=littlefs_strict $(@D)/all.o $(@D)/core/littlefs/tested.o; } || exit 1; \
	done
	$(CC) $(SAN) -rdynamic -o $@ $(BUILD)/fuzz/main_tornbit.o $(@D)/core/*/*.o \
		$(LIBS) $(LDLIBS_FUZZ)

# The target lfs_mount with a littlefs that lacks one check.
MOUNT_MUTANTS := $(patsubst fuzz/mutants/mount/%.patch,$(BUILD)/mutants/mount/%/fuzz_corpus, \
	$(sort $(wildcard fuzz/mutants/mount/*.patch)))
$(MOUNT_MUTANTS): $(BUILD)/mutants/mount/%/fuzz_corpus: fuzz/mutants/mount/%.patch tools/mutate \
		$(wildcard core/littlefs/*.[ch] core/littlefs/src/*.[ch]) $(BUILD)/fuzz_corpus
	tools/mutate $< $(@D)
	$(CC) $(ALL_CFLAGS) -I$(@D)/core $(INC_fuzz) -c -o $(@D)/lfs_mount.o fuzz/targets/lfs_mount.c
	$(CC) $(SAN) -o $@ $(BUILD)/fuzz/main_corpus.o $(@D)/lfs_mount.o \
		$(filter-out %/lfs_mount.o,$(TARGET_OBJ)) $(LIBS) $(LDLIBS_FUZZ)

.PHONY: mutants
mutants: $(MUTANTS) $(MOUNT_MUTANTS) ## build every mutant of fuzz/mutants

# What the tests may read of the build. TORNBIT_CLANG is the same source by
# another compiler at another level: fuzz/test/test_hash.sh compares the two.
# Only `make test` sets it; a test skips itself when it needs it and it is empty.
TEST_ENV = BUILD=$(BUILD) TORNBIT=$(BUILD)/tornbit TORNBIT_CLANG=$(TORNBIT_CLANG) \
	TORNBIT_SAN='$(SAN)'
TORNBIT_CLANG =

.PHONY: test
test: ## install what is missing, build, run all tests
	@tools/setup test
	$(SUB) BUILD=$(BUILD)-clang CC=$(CLANG) OPT=-O3 $(BUILD)-clang/tornbit
	$(SUB) TORNBIT_CLANG=$(BUILD)-clang/tornbit test-run

.PHONY: test-run
test-run: $(C_TEST) $(BUILD)/lfs_driver $(BUILD)/lfs_workloads $(BUILD)/tornbit $(BUILD)/tornbit_bus.so $(BUILD)/fuzz_corpus $(MUTANTS) $(MOUNT_MUTANTS) install-files ## build and run all tests without installing anything
	env -u MAKEFLAGS -u MAKELEVEL $(TEST_ENV) prove -j$(JOBS) -e '' $(C_TEST) $(SCRIPT_TEST)

.PHONY: test-c
test-c: $(C_TEST) ## build and run the C tests alone
	prove -j$(JOBS) -e '' $(C_TEST)

.PHONY: san
san: ## all tests under address and undefined-behaviour sanitizers
	@tools/setup test
	$(SUB) BUILD=build-san OPT=-O1 \
		SAN='-fsanitize=address,undefined -fno-sanitize-recover=undefined' test-run

.PHONY: demo
demo: ## build, cut power everywhere in real workloads, write the report
	@tools/setup demo
	$(SUB) all
	@tools/demo

.PHONY: prove
prove: ## the full counts behind docs/claims.md (minutes)
	@tools/setup test
	$(SUB) BUILD=$(BUILD)-clang CC=$(CLANG) OPT=-O3 $(BUILD)-clang/tornbit
	@tools/setup bench
	$(SUB) tornbit $(C_TEST) $(MUTANTS) $(BUILD)/lfs_driver $(BUILD)/lfs_row
	@env -u MAKEFLAGS -u MAKELEVEL BUILD=$(BUILD) TORNBIT=$(BUILD)/tornbit \
		TORNBIT_CLANG=$(BUILD)-clang/tornbit tools/prove

.PHONY: bench
bench: ## measure speed: a table, and build/bench.json
	@tools/setup bench
	$(SUB) $(BUILD)/bench $(BUILD)/lfs_workloads $(BUILD)/lfs_row
	$(BUILD)/bench > $(BUILD)/bench.json.new
	@mv $(BUILD)/bench.json.new $(BUILD)/bench.json
	$(BUILD)/lfs_row --speed
	core/bench/lfs_peer.py $(BUILD)/lfs_row
	@core/bench/lfs_compare.py $(BUILD)/lfs_workloads

.PHONY: size
size: ## what core/littlefs costs a Cortex-M4: code, stack, memory
	@tools/setup size
	@tools/lfs-size

### checks that take longer or need more packages

LINT_INC = $(INC_sim) -Ifuzz -Icore -Icore/littlefs -Isim/test -I$(BUILD) -DTORNBIT_VERSION='"$(VERSION)"'
LINT_SRC = $(SIM_SRC) $(CORE_SRC) $(FUZZ_SRC) fuzz/bus_vtab_so.c $(MAIN_SRC) $(TARGET_SRC) $(BENCH_SRC) \
	$(sort $(wildcard sim/test/*.c core/test/*.c fuzz/test/*.c) core/test/lfs_driver.c)

.PHONY: lint
lint: ## zero warnings: gcc, clang, clang-tidy, cppcheck, tools/tidy
	@tools/setup lint
	$(SUB) BUILD=build-lint CFLAGS=-Werror lint-build
	$(SUB) BUILD=build-lint-clang CC=$(CLANG) CFLAGS=-Werror lint-build
	$(SUB) BUILD=build-lint lint-run

.PHONY: lint-build lint-run
lint-build: $(SIM_OBJ) $(CORE_OBJ) $(FUZZ_OBJ) $(MAIN_OBJ) $(TARGET_OBJ) $(BENCH_OBJ) $(BUS_SO_OBJ) $(C_TEST)
lint-run: $(LINT_SRC:%=$(BUILD)/tidy/%.ok)
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr \
		--enable=warning,portability,performance --suppress=missingIncludeSystem --suppress=uninitvar --suppress=uninitStructMember --suppress=ctuuninitvar \
		--suppress=wrongPrintfScanfArgNum \
		$(LINT_INC) $(LINT_SRC)
	tools/tidy

$(BUILD)/tidy/%.ok: % .clang-tidy $(BUILD)/flags
	@mkdir -p $(@D)
	clang-tidy --quiet --warnings-as-errors='*' $< -- -std=c11 $(LINT_INC)
	@touch $@

.PHONY: cov
cov: ## line and branch coverage of all tests; build/cov/index.html
	@tools/setup cov
	rm -rf build-cov
	$(SUB) BUILD=build-cov OPT=-O0 SAN='--coverage -fprofile-abs-path' test-run
	@tools/coverage build-cov $(BUILD)/cov

FUZZ_SAN = -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
FUZZ_BUILD = $(SUB) BUILD=build-libfuzzer CC=$(CLANG) OPT=-O1 SAN='$(FUZZ_SAN)' \
	build-libfuzzer/fuzz_tornbit
.PHONY: fuzz-smoke
fuzz-smoke: ## a fixed number of executions of libFuzzer and of AFL++
	@tools/setup fuzz
	$(FUZZ_BUILD)
	$(SUB) AFL_QUIET=1 BUILD=build-afl CC=afl-clang-fast build-afl/fuzz_tornbit
	tools/fuzz-smoke build-libfuzzer/fuzz_tornbit build-afl/fuzz_tornbit $(BUILD)/fuzz-smoke

.PHONY: corpus
TARGETS ?= plan life scenario part bus trace image lfs_image lfs_mount
corpus: ## make corpus/TARGET anew, for TARGETS
	@tools/setup fuzz
	$(FUZZ_BUILD)
	$(SUB) $(BUILD)/fuzz_corpus $(BUILD)/tornbit
	tools/corpus build-libfuzzer/fuzz_tornbit $(BUILD)/fuzz_corpus $(BUILD)/tornbit \
		$(BUILD)/corpus $(TARGETS)

### the rest

.PHONY: setup
FOR ?= test
setup: ## install the missing Debian packages: FOR=demo, test, lint, cov, fuzz, deb, bench, size, bare
	tools/setup $(FOR)

### installing: tools/dist/files says what, tools/dist/install does it

$(BUILD)/man/tornbit.1: $(BUILD)/tornbit tools/dist/man $(wildcard tools/dist/pages/*)
	tools/dist/man $< $(@D)

$(BUILD)/dist/tornbit.pc: tools/dist/tornbit.pc $(MAKEFILE_LIST)
	@mkdir -p $(@D)
	sed 's/@VERSION@/$(VERSION)/' $< > $@

.PHONY: install-files
install-files: $(BUILD)/tornbit $(BUILD)/tornbit_bus.so $(BUILD)/libtornbit.a \
		$(BUILD)/man/tornbit.1 $(BUILD)/dist/tornbit.pc

.PHONY: install uninstall
install: install-files ## copy to $(DESTDIR)$(PREFIX)
	@tools/dist/install $(BUILD) $(call quote,$(DESTDIR)$(PREFIX)) $(call quote,$(PREFIX))
uninstall: ## remove what install put there
	@tools/dist/install --remove $(call quote,$(DESTDIR)$(PREFIX))

.PHONY: deb
deb: ## a Debian package of it: build/tornbit_VERSION_ARCH.deb
	@tools/setup deb
	$(SUB) install-files
	@tools/dist/deb $(BUILD)

.PHONY: clean
clean: ## remove everything that was built
	rm -rf $(BUILD) $(BUILD)-clang build-san build-cov build-lint build-lint-clang \
		build-libfuzzer build-afl build-hash-* build-venv tornbit

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | sort | expand -t 16

-include $(SIM_OBJ:.o=.d) $(CORE_OBJ:.o=.d) $(FUZZ_OBJ:.o=.d) $(MAIN_OBJ:.o=.d) \
	$(TARGET_OBJ:.o=.d) $(BENCH_OBJ:.o=.d) $(C_TEST:=.d)
