# tornbit: `make help` lists the targets.
#
# Layers are libraries: a test of sim links libsim alone, a test of core links
# libcore alone, so the link line proves what each may know (the #include lines
# are checked by tools/tidy).

CC ?= gcc
CLANG ?= clang
AR ?= ar
PYTHON ?= /usr/bin/python3
PREFIX ?= /usr/local
BUILD ?= build
OPT ?= -O2
VERSION := 0.1

WARN = -Wall -Wextra -Wconversion -Wmissing-prototypes -Wstrict-prototypes
CFLAGS ?= -g
ALL_CFLAGS = -std=c11 $(OPT) $(CFLAGS) $(WARN) -MMD -MP $(SAN)
LDLIBS_FUZZ = -lsqlite3 -ldl

SIM_SRC := $(sort $(wildcard sim/*.c))
CORE_SRC := $(sort $(wildcard core/*/*.c))
FUZZ_SRC := $(sort $(filter-out fuzz/main_%,$(wildcard fuzz/*.c)) $(wildcard fuzz/planted/*.c))
PARTS := $(sort $(wildcard sim/parts/*.part))

SIM_OBJ := $(SIM_SRC:%.c=$(BUILD)/%.o) $(BUILD)/parts_builtin.o
CORE_OBJ := $(CORE_SRC:%.c=$(BUILD)/%.o)
FUZZ_OBJ := $(FUZZ_SRC:%.c=$(BUILD)/%.o)

SIM_TEST := $(patsubst sim/test/%.c,$(BUILD)/test/sim_%,$(wildcard sim/test/test_*.c))
CORE_TEST := $(patsubst core/test/%.c,$(BUILD)/test/core_%,$(wildcard core/test/test_*.c))
FUZZ_TEST := $(patsubst fuzz/test/%.c,$(BUILD)/test/fuzz_%,$(wildcard fuzz/test/test_*.c))
TESTS := $(SIM_TEST) $(CORE_TEST) $(FUZZ_TEST)

.PHONY: all
all: tornbit ## build the program (default)

tornbit: $(BUILD)/tornbit
	cp $< $@

$(BUILD)/tornbit: $(BUILD)/fuzz/main_tornbit.o $(BUILD)/libfuzz.a $(BUILD)/libcore.a $(BUILD)/libsim.a
	$(CC) $(SAN) -rdynamic -o $@ $^ $(LDLIBS_FUZZ)

$(BUILD)/libsim.a: $(SIM_OBJ)
$(BUILD)/libcore.a: $(CORE_OBJ)
$(BUILD)/libfuzz.a: $(FUZZ_OBJ)
$(BUILD)/lib%.a:
	rm -f $@
	$(AR) rcs $@ $^

# Each layer sees its own headers and those below it, nothing else.
$(BUILD)/sim/%.o: INC = -Isim
$(BUILD)/parts_builtin.o: INC = -Isim
$(BUILD)/core/%.o: INC = -Icore
$(BUILD)/fuzz/%.o: INC = -Ifuzz -Isim -Icore

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(INC) -c -o $@ $<

$(BUILD)/parts_builtin.o: $(BUILD)/parts_builtin.c
	$(CC) $(ALL_CFLAGS) $(INC) -c -o $@ $<

$(BUILD)/parts_builtin.c: tools/embed $(PARTS)
	@mkdir -p $(@D)
	tools/embed $(PARTS) > $@.new
	mv $@.new $@

$(BUILD)/test/sim_%: sim/test/%.c $(BUILD)/libsim.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MF $@.d -Isim -o $@ $< $(BUILD)/libsim.a
$(BUILD)/test/core_%: core/test/%.c $(BUILD)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MF $@.d -Icore -Isim/test -o $@ $< $(BUILD)/libcore.a
$(BUILD)/test/fuzz_%: fuzz/test/%.c $(BUILD)/libfuzz.a $(BUILD)/libcore.a $(BUILD)/libsim.a
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MF $@.d -Ifuzz -Isim -Icore -Isim/test -o $@ $< \
		$(BUILD)/libfuzz.a $(BUILD)/libcore.a $(BUILD)/libsim.a $(LDLIBS_FUZZ)

.PHONY: test-run
test-run: $(TESTS) ## build and run the C tests without installing anything
	prove -e '' $(TESTS)

.PHONY: clean
clean: ## remove everything that was built
	rm -rf $(BUILD) tornbit

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | expand -t 16

-include $(SIM_OBJ:.o=.d) $(CORE_OBJ:.o=.d) $(FUZZ_OBJ:.o=.d) $(TESTS:=.d)
