package mnist.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Locale;
import mnist.app.Serve;
import mnist.app.View;
import mnist.console.CommandLines;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerConfigTest {
  private static ServerConfig on(String host) {
    return new ServerConfig(host, 0, "--port").allowing(List.of("Digits.example"));
  }

  @Test
  void localServerAcceptsLocalAndAllowedNames() throws Exception {
    ServerConfig local = on("127.0.0.1").allowingOwnNames();
    for (String name : List.of("127.0.0.1", "localhost", "[::1]", "digits.example")) {
      assertThat(local.isAllowed(name)).as(name).isTrue();
    }
    for (String name : List.of("evil.example", "192.0.2.1", "", "digits.example.evil.example")) {
      assertThat(local.isAllowed(name)).as(name).isFalse();
    }
  }

  @Test
  void openServerAcceptsThisMachinesNamesAndAddresses() throws Exception {
    ServerConfig open = on("0.0.0.0").allowingOwnNames();
    String machine = InetAddress.getLocalHost().getHostName().toLowerCase(Locale.ROOT);
    for (String name : List.of(machine, machine + ".local", "192.0.2.1", "digits.example")) {
      assertThat(open.isAllowed(name)).as(name).isTrue();
    }
    assertThat(open.isAllowed("evil.example")).isFalse();
  }

  @Test
  void printedAddressesWork() throws Exception {
    for (String host :
        List.of("127.0.0.1", "0.0.0.0", "localhost", InetAddress.getLocalHost().getHostName())) {
      try (WebServer server =
          WebServer.start(
              new ServerConfig(host, 0, "--port"),
              line -> {},
              config -> WebServer.get(config, "/", ctx -> ctx.result("ok")))) {
        assertThat(new TestClient(server.address()).get("/").status()).as(host).isEqualTo(200);
      }
    }
  }

  @Test
  void saysWhyItCannotListen() throws Exception {
    assertThatThrownBy(() -> on("192.0.2.1").checkAvailable())
        .isInstanceOf(IOException.class)
        .hasMessage("cannot listen on 192.0.2.1: it is not an address of this machine");
    assertThatThrownBy(() -> on("host.invalid").checkAvailable())
        .hasMessage("cannot listen on host.invalid: unknown host");
    try (ServerSocket socket = new ServerSocket(0)) {
      ServerConfig used = new ServerConfig("0.0.0.0", socket.getLocalPort(), "--port");
      assertThatThrownBy(used::checkAvailable)
          .hasMessageMatching("port \\d+ is in use; choose another with --port, .*");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"70000", "-1", "65536", "x", "99999999999"})
  void portsOutOfRangeAreWrongOptions(String port) {
    for (Object program : List.of(new Serve(), new View())) {
      ByteArrayOutputStream err = new ByteArrayOutputStream();
      int exitCode =
          CommandLines.create(
                  program, new PrintStream(OutputStream.nullOutputStream()), new PrintStream(err))
              .execute("--port=" + port);
      assertThat(exitCode).isEqualTo(2);
      assertThat(err.toString())
          .startsWith("error: --port: expected a port, 0 to 65535, found " + port);
    }
  }
}
