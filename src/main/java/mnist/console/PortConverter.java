package mnist.console;

import picocli.CommandLine.ITypeConverter;

/** The value of an option that is a port to listen on: 0 to 65535. */
public final class PortConverter implements ITypeConverter<Integer> {
  @Override
  public Integer convert(String value) {
    if (value.matches("\\d{1,5}") && Integer.parseInt(value) <= 0xffff) {
      return Integer.valueOf(value);
    }
    throw new IllegalArgumentException("expected a port, 0 to 65535, found " + value);
  }
}
