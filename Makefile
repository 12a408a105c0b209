# make run                     trains stage 3.0; make run STAGE=2.1 ARGS="--seed 1" another one
# make test                    builds and runs the tests
# make predict MODEL=DIR IMAGE=FILE   says which digit a picture shows; IMAGE may be several
# make score MODEL=DIR IMAGES=FILES OUT=DIR   the same of very many images, on Spark, as Parquet
# make sweep STAGE=2.1 GRID="--learning-rate 0.001,0.003 --seed 0..4"   trains every combination, on Spark
# make view                    shows all runs in a browser, live and finished
# make serve                   serves the newest run's model: a page to draw on, and HTTP; MODEL=DIR another
# make picture RUN=DIR         draws a run as it ended; ARGS="--iteration 500" an earlier moment
# make movie RUN=DIR           draws a run from start to end: a GIF and, with ffmpeg, an MP4
# make tutorial-pictures       makes TUTORIAL.md's pictures again, from full runs; STAGE=2.1 only one
# make test-spark              runs the tests of score and sweep
# make crosscheck              holds the stages against Python; STAGE=2.1 only one, FULL=1 full runs
# make resume                  goes on with the newest run that was broken off
# make torture                 kills runs, fills their disks and looks for losses; takes minutes
# make bench-serve             measures the server: requests a second, memory, wrong requests; takes minutes
# make bench                   measures every stage's speed and memory
#
# MASTER=spark://HOST:PORT has score and sweep work on a cluster, MASTER=local[1] on one core, and
# CONF="spark.executor.cores=2 …" sets what Spark can be set to.
#
# NATIVES says which of TensorFlow's native libraries to fetch: host (this machine's, 160 MB), gpu
# (Linux with an NVIDIA GPU) or platform (every platform's, 700 MB).

STAGE   ?= 3.0
ARGS    ?=
NATIVES ?= host

MAIN_1.0 = mnist.Mnist10Softmax
MAIN_2.0 = mnist.Mnist20FiveLayersSigmoid
MAIN_2.1 = mnist.Mnist21FiveLayersReluLrDecay
MAIN_2.2 = mnist.Mnist22FiveLayersReluLrDecayDropout
MAIN_3.0 = mnist.Mnist30Convolutional
MAIN_3.1 = mnist.Mnist31ConvolutionalBiggerDropout
MAIN_4.0 = mnist.Mnist40BatchNormFiveLayersSigmoid
MAIN_4.1 = mnist.Mnist41BatchNormFiveLayersRelu
MAIN_4.2 = mnist.Mnist42BatchNormConvolutional
MAIN_5.0 = mnist.Mnist50DistortedConvolutional

# MNIST kept beside the project is taken from there.
ifneq ($(wildcard ../shared/mnist),)
export MNIST_DATA ?= $(abspath ../shared/mnist)
endif

MVN       = mvn -B -ntp -Dstyle.color=never -P$(NATIVES)
JAVA_ARGS = target/java-$(NATIVES).args
JAVA      = "$${JAVA_HOME:+$$JAVA_HOME/bin/}java" @$(JAVA_ARGS)

# The shell takes these from its environment, as they were given, so names may hold blanks and $.
override MODEL := $(value MODEL)
override IMAGE := $(value IMAGE)
override RUN := $(value RUN)
override IMAGES := $(value IMAGES)
override OUT := $(value OUT)
override GRID := $(value GRID)
override MASTER := $(value MASTER)
export MODEL IMAGE RUN IMAGES OUT GRID MASTER

.PHONY: run resume view serve bench-serve predict score sweep test-spark picture movie tutorial-pictures test crosscheck bench torture format clean

run: $(JAVA_ARGS)
	$(if $(MAIN_$(STAGE)),,$(error no stage $(STAGE); there are 1.0 2.0 2.1 2.2 3.0 3.1 4.0 4.1 4.2 5.0))
	@$(JAVA) $(MAIN_$(STAGE)) $(ARGS)

resume: $(JAVA_ARGS)
	@$(JAVA) mnist.app.Resume $(ARGS)

view: $(JAVA_ARGS)
	@$(JAVA) mnist.app.View $(ARGS)

# Requests leave more garbage than a training, which its small young generation would stop for too often.
# Some of it grows old; a heap that begins small is cleared of that before it takes much memory.
SERVING = -Xmn32m -Xms52m -XX:MinHeapFreeRatio=25

serve: $(JAVA_ARGS)
	@$(JAVA) $(SERVING) mnist.app.Serve $${MODEL:+--model "$$MODEL"} $(ARGS)

# IMAGE is one name, or otherwise what the shell makes of it, such as IMAGE="'a b.png' c.png *.gif".
predict: $(JAVA_ARGS)
	$(if $(MODEL),,$(error MODEL names the model, such as MODEL=runs/<stage>-<date>-<time>/model))
	$(if $(IMAGE),,$(error IMAGE names one or several pictures, such as IMAGE=seven.png))
	@[ -e "$$IMAGE" ] && set -- "$$IMAGE" || eval "set -- $$IMAGE"; \
	$(JAVA) mnist.app.Predict --model "$$MODEL" $(ARGS) -- "$$@"

# Spark's programs, a build of their own. A cluster is given the jars that it does not have.
SPARK_MVN  = $(MVN),spark
SPARK_ARGS = target/spark/java-$(NATIVES).args
SPARK_JARS = $(if $(filter-out local%,$(MASTER)),-Dspark.jars="$$(cat target/spark/jars)")
SPARK_JAVA = "$${JAVA_HOME:+$$JAVA_HOME/bin/}java" @$(SPARK_ARGS) $(SPARK_JARS) $(CONF:%=-D%)

# IMAGES as IMAGE of predict.
score: $(SPARK_ARGS)
	$(if $(MODEL),,$(error MODEL names the model, such as MODEL=runs/<stage>-<date>-<time>/model))
	$(if $(IMAGES),,$(error IMAGES names one or several files or folders of images, such as IMAGES=data/t10k-images-idx3-ubyte.gz))
	$(if $(OUT),,$(error OUT names a new folder for the answers, such as OUT=answers))
	@[ -e "$$IMAGES" ] && set -- "$$IMAGES" || eval "set -- $$IMAGES"; \
	$(SPARK_JAVA) mnist.spark.Score --model "$$MODEL" --out "$$OUT" $${MASTER:+--master "$$MASTER"} $(ARGS) -- "$$@"

sweep: $(SPARK_ARGS)
	$(if $(GRID),,$(error GRID says what to try, such as GRID="--learning-rate 0.001,0.003 --seed 0..4"))
	@$(SPARK_JAVA) mnist.spark.Sweep --stage $(STAGE) --grid "$$GRID" $${MASTER:+--master "$$MASTER"} $(ARGS)

test-spark:
	@$(SPARK_MVN) verify

picture: $(JAVA_ARGS)
	@$(JAVA) mnist.app.RunPicture $(ARGS) $${RUN:+-- "$$RUN"}

movie: $(JAVA_ARGS)
	@$(JAVA) mnist.app.RunMovie $(ARGS) $${RUN:+-- "$$RUN"}

# A full run of every stage, one after the other: seed 0, or the one that TUTORIAL.md speaks of.
ILLUSTRATED = 1.0 2.0 2.1 2.2 3.0 3.1 4.0 4.1 4.2 5.0
SEED_4.2 = 2
SEED_5.0 = 1

tutorial-pictures: $(patsubst %,tutorial-picture-%,$(if $(filter file,$(origin STAGE)),$(ILLUSTRATED),$(STAGE)))

tutorial-picture-%: $(JAVA_ARGS)
	@rm -rf target/tutorial/$*
	@$(JAVA) $(MAIN_$*) --dataset mnist --seed $(or $(SEED_$*),0) --quiet --no-export --record-view --run-dir target/tutorial/$*
	@$(JAVA) mnist.app.RunPicture --size 1280x720 --palette --overwrite --out src/test/resources/mnist/tutorial/$*.png -- target/tutorial/$*

test:
	@$(MVN) verify

# Both settings of oneDNN, each in a process of its own since the library reads it when it loads.
CHECK = $(JAVA) mnist.app.CrossCheck $(if $(filter file,$(origin STAGE)),,--stage $(STAGE)) $(if $(FULL),--full) $(ARGS)

crosscheck: $(JAVA_ARGS)
	@$(CHECK) && echo && $(CHECK) --onednn

# What measures and torments the project is among the tests, and started with their class path.
TEST_ARGS = target/test-java-$(NATIVES).args
TEST_JAVA = "$${JAVA_HOME:+$$JAVA_HOME/bin/}java" @$(TEST_ARGS)

bench: $(TEST_ARGS)
	@$(TEST_JAVA) mnist.bench.Bench $(ARGS)

bench-serve: $(TEST_ARGS)
	@$(TEST_JAVA) $(SERVING) mnist.bench.LoadTest $${MODEL:+--model "$$MODEL"} $(ARGS)

torture: $(TEST_ARGS)
	@$(TEST_JAVA) mnist.crashtest.CrashTest $(ARGS)

format:
	@$(MVN) -q spotless:apply

clean:
	@$(MVN) -q clean

# What java is started with: jvm.options and the class path that Maven resolved, in quotes, which
# makes \ an escape. Made again, after compiling, when a source has changed.
SEPARATOR = $(if $(filter Windows_NT,$(OS)),;,:)

$(JAVA_ARGS): pom.xml $(shell find src/main -type f)
	@echo "Building; the first time Maven also fetches TensorFlow." >&2
	@rm -f $@ # should compiling fail
	@$(MVN) -q compile org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath -Dmdep.includeScope=runtime -Dmdep.outputFile=target/classpath >&2
	@sed 's|[\\"]|\\&|g; s|.*|-cp "target/classes$(SEPARATOR)&"|' target/classpath | cat target/classes/mnist/jvm.options - > $@

$(TEST_ARGS): pom.xml $(shell find src/main src/test -type f)
	@echo "Building; the first time Maven also fetches TensorFlow." >&2
	@rm -f $@
	@$(MVN) -q test-compile org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath -Dmdep.includeScope=test -Dmdep.outputFile=target/test-classpath >&2
	@sed 's|[\\"]|\\&|g; s|.*|-cp "target/test-classes$(SEPARATOR)target/classes$(SEPARATOR)&"|' target/test-classpath | cat target/classes/mnist/jvm.options - > $@

$(SPARK_ARGS): pom.xml $(shell find src/main $(wildcard src/spark) -type f)
	@echo "Building; the first time Maven also fetches TensorFlow and Spark." >&2
	@rm -f $@
	@$(SPARK_MVN) -q process-classes >&2
	@sed 's|$(SEPARATOR)|,|g; s|^|target/spark/mnist-spark.jar,|' target/spark/classpath > target/spark/jars
	@{ cat target/spark/classpath; printf '$(SEPARATOR)'; cat target/spark/classpath-of-spark; } | \
	sed 's|[\\"]|\\&|g; s|.*|-cp "target/spark/mnist-spark.jar$(SEPARATOR)&"|' | cat src/spark/jvm.options - > $@
