package mnist.data;

/** The two halves of a data set. */
public enum Split {
  /** What is trained on, a batch at a time. */
  TRAIN,
  /** What is only ever measured. */
  TEST
}
