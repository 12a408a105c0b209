package mnist.nn;

import java.util.List;
import java.util.Optional;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Output;
import org.tensorflow.framework.optimizers.Optimizer;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Constant;
import org.tensorflow.op.core.Variable;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.family.TType;

/**
 * Adam (Kingma and Ba, 2014) whose learning rate is a node of the graph, so that it can decay with
 * the {@code step} placeholder. The framework's own Adam takes only a number.
 *
 * <p>β₁ is 0.9, β₂ 0.999 and ε 1e-8, as in the tutorial's {@code tf.train.AdamOptimizer}. All
 * variables must be float32. With weight decay it is AdamW (Loshchilov and Hutter, 2019).
 */
public final class Adam extends Optimizer {
  private static final float BETA_1 = 0.9f;
  private static final float BETA_2 = 0.999f;
  private static final float EPSILON = 1e-8f;

  private static final String FIRST_MOMENT = "m";
  private static final String SECOND_MOMENT = "v";

  private final Operand<TFloat32> learningRate;
  private final float weightDecay;
  private Constant<TFloat32> beta1;
  private Constant<TFloat32> beta2;
  private Constant<TFloat32> epsilon;
  private Variable<TFloat32> beta1Power;
  private Variable<TFloat32> beta2Power;

  /**
   * @param graph the graph that holds the loss and its variables
   * @param learningRate scalar, evaluated at every step
   */
  public Adam(Graph graph, Operand<TFloat32> learningRate) {
    this(graph, learningRate, 0);
  }

  /**
   * @param weightDecay times the learning rate: the share that weights, but not biases or scales,
   *     lose before each step
   */
  public Adam(Graph graph, Operand<TFloat32> learningRate, float weightDecay) {
    super(graph);
    this.learningRate = learningRate;
    this.weightDecay = weightDecay;
  }

  @Override
  protected void createSlots(List<Output<? extends TType>> variables) {
    variables.forEach(this::createMoments);
    beta1Power = power("beta1_power", BETA_1);
    beta2Power = power("beta2_power", BETA_2);
  }

  private <T extends TType> void createMoments(Output<T> variable) {
    Operand<T> zeros = tf.zeros(tf.constant(variable.shape()), variable.type());
    createSlot(variable, FIRST_MOMENT, zeros);
    createSlot(variable, SECOND_MOMENT, zeros);
  }

  /** A running power of β, which corrects the moments' bias towards 0 in the first steps. */
  private Variable<TFloat32> power(String name, float beta) {
    Ops init = tf.withInitScope();
    Variable<TFloat32> power = init.withName(name).variable(Shape.scalar(), TFloat32.class);
    init.assign(power, tf.constant(beta));
    return power;
  }

  @Override
  protected Optional<Op> prepare(String scopeName) {
    beta1 = tf.constant(BETA_1);
    beta2 = tf.constant(BETA_2);
    epsilon = tf.constant(EPSILON);
    return Optional.empty();
  }

  @Override
  protected <T extends TType> Op applyDense(Ops deps, Output<T> gradient, Output<T> variable) {
    Ops then = deps;
    if (weightDecay != 0 && variable.shape().numDimensions() > 1) {
      Operand<T> share =
          deps.math.mul(as(variable, learningRate), as(variable, deps.constant(weightDecay)));
      Op decayed = deps.assignSub(variable, deps.math.mul(variable, share));
      then = tf.withControlDependencies(List.of(decayed));
    }
    return then.train.applyAdam(
        variable,
        this.<T>getSlot(variable, FIRST_MOMENT).orElseThrow(),
        this.<T>getSlot(variable, SECOND_MOMENT).orElseThrow(),
        as(variable, beta1Power),
        as(variable, beta2Power),
        as(variable, learningRate),
        as(variable, beta1),
        as(variable, beta2),
        as(variable, epsilon),
        gradient);
  }

  /** Every variable here is float32, which the framework's generic signature cannot express. */
  @SuppressWarnings("unchecked")
  private static <T extends TType> Operand<T> as(Output<T> variable, Operand<TFloat32> scalar) {
    if (variable.type() != TFloat32.class) {
      throw new IllegalArgumentException(
          variable.op().name() + " must be float32, found " + variable.dataType());
    }
    return (Operand<T>) scalar;
  }

  /** Updates the powers of β after every variable has been updated with their current values. */
  @Override
  protected Op finish(List<Op> updates, String name) {
    Ops afterUpdates = tf.withControlDependencies(List.copyOf(updates));
    updates.add(afterUpdates.assign(beta1Power, afterUpdates.math.mul(beta1Power, beta1)));
    updates.add(afterUpdates.assign(beta2Power, afterUpdates.math.mul(beta2Power, beta2)));
    return super.finish(updates, name);
  }

  @Override
  public String getOptimizerName() {
    return "Adam";
  }
}
