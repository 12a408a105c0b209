# make run                     trains stage 3.0; make run STAGE=2.1 ARGS="--seed 1" another one
# make test                    builds and runs the tests
# make predict MODEL=DIR IMAGE=FILE   says which digit a picture shows; IMAGE may be several
# make crosscheck              holds the stages against Python; STAGE=2.1 only one, FULL=1 full runs
# make bench                   measures every stage's speed and memory
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

# MNIST kept beside the project is taken from there.
ifneq ($(wildcard ../shared/mnist),)
export MNIST_DATA ?= $(abspath ../shared/mnist)
endif

MVN       = mvn -B -ntp -Dstyle.color=never -P$(NATIVES)
CLASSPATH = target/classpath-$(NATIVES)
JAVA      = $(if $(JAVA_HOME),"$(JAVA_HOME)/bin/java",java) @target/classes/mnist/jvm.options -cp target/classes:$$(cat $(CLASSPATH))

.PHONY: run predict test crosscheck bench format clean

run: $(CLASSPATH)
	$(if $(MAIN_$(STAGE)),,$(error no stage $(STAGE); there are 1.0 2.0 2.1 2.2 3.0 3.1))
	@$(JAVA) $(MAIN_$(STAGE)) $(ARGS)

predict: $(CLASSPATH)
	$(if $(MODEL),,$(error MODEL names the model, such as MODEL=runs/<stage>-<date>-<time>/model))
	$(if $(IMAGE),,$(error IMAGE names one or several pictures, such as IMAGE=seven.png))
	@$(JAVA) mnist.Predict --model "$(MODEL)" $(ARGS) $(IMAGE)

test:
	@$(MVN) verify

# Both settings of oneDNN, each in a process of its own since the library reads it when it loads.
CHECK = $(JAVA) mnist.CrossCheck $(if $(filter file,$(origin STAGE)),,--stage $(STAGE)) $(if $(FULL),--full) $(ARGS)

crosscheck: $(CLASSPATH)
	@$(CHECK) && echo && $(CHECK) --onednn

bench: $(CLASSPATH)
	@$(JAVA) mnist.Bench $(ARGS)

format:
	@$(MVN) -q spotless:apply

clean:
	@$(MVN) -q clean

# Compiled again when a source has changed; the class path is what Maven resolved.
$(CLASSPATH): pom.xml $(shell find src/main -type f)
	@echo "Building; the first time Maven also fetches TensorFlow." >&2
	@$(MVN) -q compile org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath -Dmdep.includeScope=runtime -Dmdep.outputFile=$@ >&2
	@touch $@
