package mnist.data;

/** The two parts of a data set. */
public enum Split {
  /** The training images, measured a batch at a time. */
  TRAIN,
  /** The test images, which are only measured. */
  TEST
}
