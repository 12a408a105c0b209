# Train and look
#   make run                trains stage 3.0; STAGE=2.1 another one, ARGS="--seed 1" its options
#   make resume             resumes the newest interrupted run
#   make view               shows all runs in the browser, live and finished
#   make picture RUN=DIR    draws a run as a PNG; ARGS="--iteration 500" an earlier moment
#   make movie RUN=DIR      draws a run as a GIF and, with ffmpeg, an MP4
#
# Use a model
#   make predict IMAGE=FILE   classifies a picture with the newest run's model; MODEL=DIR another,
#                           IMAGE="a.png b.png" several pictures
#   make import IMAGES=DIR OUT=DIR   converts pictures, a folder for each digit, to a data set for --data
#   make serve              serves the newest run's model to draw on and over HTTP; MODEL=DIR another
#
# On Spark; MASTER=spark://HOST:PORT for a cluster, CONF="spark.executor.cores=2" for Spark's options
#   make sweep STAGE=2.1 GRID="--learning-rate 0.001,0.003 --seed 0..4"   trains every combination
#   make score MODEL=DIR IMAGES=FILES OUT=DIR   classifies many images into Parquet files
#
# Work on the project
#   make test               builds everything and runs the tests; SLOW=1 includes the slow ones
#   make test-spark         runs the tests of sweep and score
#   make crosscheck         compares all stages with Python; STAGE=2.1 one, FULL=1 full runs
#   make bench              measures speed and memory of the stages
#   make bench-serve        measures the server, also with malformed requests; takes minutes
#   make torture            kills runs and fills their disks, looking for losses; takes minutes
#   make measurements       measures what docs/measurements.md shows and prints it; takes hours
#   make tutorial-pictures  redraws TUTORIAL.md's pictures from full runs; STAGE=2.1 one
#   make jar                builds target/mnist.jar, with sources and Javadoc
#   make format             formats the sources
#   make clean              deletes what was built
#
# NATIVES=gpu uses TensorFlow's library for Linux with an NVIDIA GPU, NATIVES=platform fetches those
# of every platform (700 MB) instead of this machine's (160 MB).

STAGE   ?= 3.0
ARGS    ?=
NATIVES ?= host

.PHONY: help run resume view predict import serve picture movie sweep score test test-spark crosscheck bench \
        bench-serve torture measurements tutorial-pictures jar format clean

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

# Variables are in capitals: make run stage=2.1 would silently train 3.0.
VARIABLES = STAGE ARGS NATIVES MODEL IMAGE IMAGES OUT GRID RUN MASTER CONF FULL SLOW
OTHERS   := $(filter-out $(VARIABLES),$(foreach v,$(.VARIABLES),$(if $(findstring command,$(origin $v)),$v)))
upper     = $(shell printf %s '$1' | tr '[:lower:]' '[:upper:]')
$(foreach v,$(OTHERS),$(if $(filter $(call upper,$v),$(VARIABLES)),$(error did you mean $(call upper,$v)=$(value $v)?)))

# In the locale C, which cron and containers have, Java on Linux reads only names in ASCII.
ifeq ($(filter-out C POSIX,$(or $(LC_ALL),$(LC_CTYPE),$(LANG)))$(shell uname),Linux)
export LC_ALL := C.UTF-8
endif

# MNIST kept beside the project is taken from there.
ifneq ($(wildcard ../shared/mnist),)
export MNIST_DATA ?= $(abspath ../shared/mnist)
endif

MVN       = $(if $(shell command -v mvn 2>/dev/null),mvn,./mvnw) -B -ntp -Dstyle.color=never -P$(NATIVES)
JAVA      = "$${JAVA_HOME:+$$JAVA_HOME/bin/}java"
JAVA_ARGS = target/java-$(NATIVES).args
MNIST     = $(JAVA) @$(JAVA_ARGS) mnist.app.Main

# What checks and measures the project is among the tests.
TEST_ARGS = target/test-java-$(NATIVES).args
TEST_JAVA = $(JAVA) @$(TEST_ARGS)

# After Ctrl-C the program reports what it saved; the recipe succeeds, or make would report an error.
# Make itself still exits with 130.
interruptible = trap : INT; $1; status=$$?; [ $$status -eq 130 ] || exit $$status

# The shell takes these from its environment, as they were given, so names may hold blanks and $.
override MODEL := $(value MODEL)
override IMAGE := $(value IMAGE)
override RUN := $(value RUN)
override IMAGES := $(value IMAGES)
override OUT := $(value OUT)
override GRID := $(value GRID)
override MASTER := $(value MASTER)
export MODEL IMAGE RUN IMAGES OUT GRID MASTER

run: $(JAVA_ARGS)
	@$(call interruptible,$(MNIST) $(STAGE) $(ARGS))

resume: $(JAVA_ARGS)
	@$(call interruptible,$(MNIST) resume $(ARGS))

view: $(JAVA_ARGS)
	@$(call interruptible,$(MNIST) view $(ARGS))

# Requests leave more garbage than a training, which its small young generation would stop for too often.
# Some of it grows old; a heap that begins small is cleared of that before it takes much memory.
SERVING = -Xmn32m -Xms52m -XX:MinHeapFreeRatio=25

serve: $(JAVA_ARGS)
	@$(call interruptible,$(JAVA) @$(JAVA_ARGS) $(SERVING) mnist.app.Main serve $${MODEL:+--model "$$MODEL"} $(ARGS))

# IMAGE is one name, or otherwise what the shell makes of it, such as IMAGE="'a b.png' c.png *.gif".
predict: $(JAVA_ARGS)
	$(if $(IMAGE),,$(error IMAGE is missing: name one or more pictures, such as IMAGE=seven.png))
	@[ -e "$$IMAGE" ] && set -- "$$IMAGE" || eval "set -- $$IMAGE"; \
	$(call interruptible,$(MNIST) predict $${MODEL:+--model "$$MODEL"} $(ARGS) -- "$$@")

import: $(JAVA_ARGS)
	$(if $(IMAGES),,$(error IMAGES is missing: name a folder that has a folder of pictures for each digit, 0 to 9))
	$(if $(OUT),,$(error OUT is missing: name a new folder for the data set))
	@$(call interruptible,$(MNIST) import --out "$$OUT" $(ARGS) -- "$$IMAGES")

# Spark's programs, a build of their own. A cluster is given the jars that it does not have.
SPARK_MVN  = $(MVN),spark
SPARK_ARGS = target/spark/java-$(NATIVES).args
SPARK_JARS = $(if $(filter-out local%,$(MASTER)),-Dspark.jars="$$(cat target/spark/jars)")
SPARK_JAVA = $(JAVA) @$(SPARK_ARGS) $(SPARK_JARS) $(CONF:%=-D%)

# IMAGES as IMAGE of predict.
score: $(SPARK_ARGS)
	$(if $(MODEL),,$(error MODEL is missing: name a model, such as MODEL=runs/<stage>-<date>-<time>/model))
	$(if $(IMAGES),,$(error IMAGES is missing: name files or folders of images, such as IMAGES=data/t10k-images-idx3-ubyte.gz))
	$(if $(OUT),,$(error OUT is missing: name a new folder for the predictions, such as OUT=predictions))
	@[ -e "$$IMAGES" ] && set -- "$$IMAGES" || eval "set -- $$IMAGES"; \
	$(call interruptible,$(SPARK_JAVA) mnist.spark.Score --model "$$MODEL" --out "$$OUT" $${MASTER:+--master "$$MASTER"} $(ARGS) -- "$$@")

sweep: $(SPARK_ARGS)
	$(if $(GRID),,$(error GRID is missing: name the values to try, such as GRID="--learning-rate 0.001,0.003 --seed 0..4"))
	@$(call interruptible,$(SPARK_JAVA) mnist.spark.Sweep --stage $(STAGE) --grid "$$GRID" $${MASTER:+--master "$$MASTER"} $(ARGS))

test-spark:
	@$(SPARK_MVN) verify

picture: $(JAVA_ARGS)
	@$(call interruptible,$(MNIST) picture $(ARGS) $${RUN:+-- "$$RUN"})

movie: $(JAVA_ARGS)
	@$(call interruptible,$(MNIST) movie $(ARGS) $${RUN:+-- "$$RUN"})

# A full run of every stage that has a picture, one after the other: seed 0, or the one TUTORIAL.md describes.
# 1.0 and 4.0 also have a figure of what they learned. The other figures are drawn by hand.
PICTURES = src/test/resources/mnist/tutorial
ILLUSTRATED = $(basename $(notdir $(wildcard $(PICTURES)/*.png)))
SEED_4.2 = 2
SEED_5.0 = 1

tutorial-pictures: $(patsubst %,tutorial-picture-%,$(if $(filter file,$(origin STAGE)),$(ILLUSTRATED),$(STAGE)))

tutorial-picture-%: $(JAVA_ARGS) $(TEST_ARGS)
	@rm -rf target/tutorial/$*
	@$(MNIST) $* --dataset mnist --seed $(or $(SEED_$*),0) --quiet --record-view --run-dir target/tutorial/$*
	@$(MNIST) picture $(if $(filter 1.0 2.0,$*),,--close-up) --size 1280x720 --palette --overwrite --out $(PICTURES)/$*.png -- target/tutorial/$*
	@$(if $(filter 1.0 4.0,$*),$(TEST_JAVA) mnist.TutorialFigures target/tutorial/$* docs/images)

# The Javadoc jar is left to make jar, the tests tagged "slow" to SLOW=1.
test:
	@$(MVN) verify -Dmaven.javadoc.skip $(if $(SLOW),-DexcludedGroups=)

jar:
	@$(MVN) -q package -DskipTests

# Both settings of oneDNN, each in a process of its own since the library reads it when it loads.
CHECK = $(TEST_JAVA) mnist.crosscheck.CrossCheck $(if $(filter file,$(origin STAGE)),,--stage $(STAGE)) $(if $(FULL),--full) $(ARGS)

crosscheck: $(TEST_ARGS)
	@$(call interruptible,$(CHECK) && echo && $(CHECK) --onednn)

bench: $(TEST_ARGS)
	@$(call interruptible,$(TEST_JAVA) mnist.bench.Bench $(ARGS))

bench-serve: $(TEST_ARGS)
	@$(call interruptible,$(TEST_JAVA) $(SERVING) mnist.bench.LoadTest $${MODEL:+--model "$$MODEL"} $(ARGS))

torture: $(TEST_ARGS)
	@$(call interruptible,$(TEST_JAVA) mnist.crashtest.CrashTest $(ARGS))

measurements: $(TEST_ARGS)
	@$(call interruptible,$(TEST_JAVA) mnist.bench.Measurements --server-options "$(SERVING)" $(ARGS))

format:
	@$(MVN) -q spotless:apply

clean:
	@$(MVN) -q clean

# Java's arguments: jvm.options and the class path that Maven resolved, in quotes, where \ is an escape.
# Made again, after compiling, when a source has changed.
SEPARATOR      = $(if $(filter Windows_NT,$(OS)),;,:)
CLASSPATH_GOAL = org.apache.maven.plugins:maven-dependency-plugin:build-classpath -Dmdep.outputFile=$@.classpath
quoted         = sed 's|[\\"]|\\&|g; s|.*|-cp "$(subst $() ,$(SEPARATOR),$1)$(SEPARATOR)&"|'

$(JAVA_ARGS): pom.xml $(shell find src/main -type f)
	@echo "Building; the first time Maven also fetches TensorFlow." >&2
	@rm -f $@ # should compiling fail
	@$(MVN) -q compile $(CLASSPATH_GOAL) -Dmdep.includeScope=runtime >&2
	@$(call quoted,target/classes) $@.classpath | cat target/classes/mnist/jvm.options - > $@

$(TEST_ARGS): pom.xml $(shell find src/main $(wildcard src/test) -type f)
	@echo "Building; the first time Maven also fetches TensorFlow." >&2
	@rm -f $@
	@$(MVN) -q test-compile $(CLASSPATH_GOAL) -Dmdep.includeScope=test >&2
	@$(call quoted,target/test-classes target/classes) $@.classpath | cat target/classes/mnist/jvm.options - > $@

$(SPARK_ARGS): pom.xml $(shell find src/main $(wildcard src/spark) -type f)
	@echo "Building; the first time Maven also fetches TensorFlow and Spark." >&2
	@rm -f $@
	@$(SPARK_MVN) -q process-classes >&2
	@sed 's|$(SEPARATOR)|,|g; s|^|target/spark/mnist-spark.jar,|' target/spark/classpath > target/spark/jars
	@{ cat target/spark/classpath; printf '$(SEPARATOR)'; cat target/spark/classpath-of-spark; } | \
	$(call quoted,target/spark/mnist-spark.jar) | cat src/spark/jvm.options - > $@
