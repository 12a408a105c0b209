package mnist.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import org.junit.jupiter.api.Test;

class HyperparametersTest {
  private final Hyperparameters hyperparameters = new Hyperparameters();

  @Test
  void jsonHoldsWhatTheNetworkHas() throws Exception {
    hyperparameters.seed = 7;
    hyperparameters.activation = Activation.RELU;
    String json = new ObjectMapper().writeValueAsString(hyperparameters);
    assertThat(json).isEqualTo("{\"seed\":7,\"activation\":\"relu\"}");
    assertThat(new ObjectMapper().readValue(json, Hyperparameters.class))
        .usingRecursiveComparison()
        .isEqualTo(hyperparameters);
  }

  @Test
  void rejectsValuesOutOfRange() {
    hyperparameters.learningRate = 0f;
    assertThatThrownBy(hyperparameters::check)
        .hasMessage("--learning-rate must be a number above 0, found 0.0");
    hyperparameters.learningRate = null;
    hyperparameters.keepProbability = 1.5f;
    assertThatThrownBy(hyperparameters::check)
        .hasMessage("--keep-probability must be above 0 and at most 1, found 1.5");
  }
}
