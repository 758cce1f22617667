// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where the build has put what the system tests run. */
public final class Distribution {

    private static final Path TARGET = Path.of("target").toAbsolutePath();

    private Distribution() {}

    /** The command line that runs {@code varve} with these arguments. */
    public static List<String> command(String... arguments) {
        Path jar = TARGET.resolve("varve-broker.jar");
        assertThat(jar).as("the program; mvn package makes it").exists();
        List<String> command = new ArrayList<>(List.of(java(), "-XX:+UseSerialGC", "-Xmx512m", "-jar", jar.toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** The command line that runs a main class of the tests with one published version of the Java client. */
    static List<String> probe(String clientVersion, Class<?> main, String... arguments) {
        Path client = TARGET.resolve("clients").resolve("kafka-clients-" + clientVersion + ".jar");
        assertThat(client).as("the client; mvn verify fetches it").exists();
        String classPath = String.join(
                File.pathSeparator,
                client.toString(),
                TARGET.resolve("test-classes").toString(),
                TARGET.resolve("clients") + "/codecs/*");
        List<String> command = new ArrayList<>(List.of(java(), "-cp", classPath, main.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    /** The command line that runs one of Kafka's own command-line tools. */
    static List<String> tool(String mainClass, String... arguments) {
        Path tools = Path.of("src/it/kafka-tools/target/lib").toAbsolutePath();
        assertThat(tools).as("Kafka's tools; mvn verify fetches them").exists();
        List<String> command = new ArrayList<>(List.of(
                java(), "-Xmx256m", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=error", "-cp", tools + "/*", mainClass));
        command.addAll(List.of(arguments));
        return command;
    }

    /** A file of the tests that is run by a foreign client. */
    static String script(String name) {
        Path script = Path.of("src/it/clients", name).toAbsolutePath();
        assertThat(Files.exists(script)).as("script %s", script).isTrue();
        return script.toString();
    }

    private static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }
}
