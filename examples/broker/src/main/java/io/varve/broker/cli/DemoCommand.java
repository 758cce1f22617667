// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/**
 * {@code varve demo}: sends every line of a file through a broker, kills the broker, and reads every line again.
 *
 * <p>Threading: confined to the command's thread.
 */
@Command(
        name = "demo",
        description = {
            "Send every line of a file through a broker of its own and compare what comes back, byte for byte;",
            "then kill the broker, start it again and compare again. Exit code 1 when anything differs."
        })
final class DemoCommand implements Callable<Integer> {

    private final Streams streams;

    @Mixin
    private DemoOptions options = new DemoOptions();

    @Parameters(
            paramLabel = "FILE",
            arity = "0..1",
            description = "Any file; its lines become records. Default: all Java sources of this project.")
    private @Nullable Path file;

    DemoCommand(Streams streams) {
        this.streams = streams;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Logging.client(options.isVerbose());
        if (file != null && !Files.isRegularFile(file)) {
            throw new CommandFailure(CommandFailure.FAILED, "no such file: " + file);
        }
        final Path directory = Files.createTempDirectory("varve-demo");
        final Demo demo = new Demo(directory, new Progress(streams.err(), System.getenv("VARVE_TERMINAL") != null));
        final Thread hook = new Thread(() -> cleanUp(demo, directory), "demo-stop");
        Runtime.getRuntime().addShutdownHook(hook);
        try {
            final Path source = file == null ? sources(directory) : file;
            final DemoResult result = demo.run(DemoInput.of(source));
            if (options.isJson()) {
                Printer.json(streams.out(), result.json(sourceName()));
            } else {
                result.print(streams.out(), sourceName());
            }
            return 0;
        } finally {
            cleanUp(demo, directory);
            removeHook(hook);
        }
    }

    private String sourceName() {
        return file == null ? "the sources of this project" : file.toString();
    }

    /** All sources of the project in one file. */
    private static Path sources(Path directory) throws IOException {
        final String home = System.getenv("VARVE_HOME");
        if (home == null) {
            throw new CommandFailure(CommandFailure.USAGE, "name a FILE, or start the demo with ./varve demo");
        }
        final Path all = directory.resolve("sources");
        try (OutputStream out = Files.newOutputStream(all);
                Stream<Path> walk = Files.walk(Path.of(home))) {
            final List<Path> files = walk.filter(path -> path.toString().endsWith(".java"))
                    .filter(path -> path.toString().contains("/src/"))
                    .sorted()
                    .toList();
            for (Path path : files) {
                Files.copy(path, out);
            }
        }
        return all;
    }

    private static synchronized void cleanUp(Demo demo, Path directory) {
        demo.close();
        if (!Files.exists(directory)) {
            return;
        }
        try {
            Files.walkFileTree(directory, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path path, BasicFileAttributes attributes) throws IOException {
                    Files.deleteIfExists(path);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path path, @Nullable IOException thrown) throws IOException {
                    Files.deleteIfExists(path);
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            System.err.println("varve: cannot remove " + directory + ": " + e.getMessage());
        }
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is stopping already and the hook does the work.
        }
    }
}
