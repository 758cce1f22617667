// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.LineMap;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreeScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** What no other tool checks of the whole tree; and the longest files and methods, printed for whoever wants to split one. */
class TidyTest {

    private static final Set<String> SKIPPED = Set.of("target", "node_modules", ".git", ".idea");
    private static final Pattern UNFINISHED = Pattern.compile("\\b(TODO|FIXME|XXX|HACK)\\b");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(#[^)]*)?\\)");
    private static final int LONGEST = 10;

    private final Path root = root();

    @Test
    void shouldLeaveNothingUnfinishedInTheSources() {
        List<String> unfinished = new ArrayList<>();
        for (Path file : files(".java")) {
            if (file.endsWith("TidyTest.java")) {
                continue;
            }
            List<String> lines = lines(file);
            for (int i = 0; i < lines.size(); i++) {
                if (UNFINISHED.matcher(lines.get(i)).find()) {
                    unfinished.add(root.relativize(file) + ":" + (i + 1) + ": "
                            + lines.get(i).strip());
                }
            }
        }

        assertThat(unfinished).isEmpty();
    }

    @Test
    void shouldLinkOnlyToWhatExists() {
        List<String> dead = new ArrayList<>();
        for (Path file : files(".md")) {
            Matcher link = LINK.matcher(String.join("\n", lines(file)));
            while (link.find()) {
                String target = link.group(1);
                if (!target.contains("://") && !Files.exists(file.getParent().resolve(target))) {
                    dead.add(root.relativize(file) + " -> " + target);
                }
            }
        }

        assertThat(dead).isEmpty();
    }

    @Test
    void shouldDescribeEveryPackage() {
        Set<Path> packages = files(".java").stream()
                .filter(file -> file.toString().contains("/src/main/java/"))
                .map(Path::getParent)
                .collect(Collectors.toSet());

        assertThat(packages).isNotEmpty().allSatisfy(directory -> assertThat(directory.resolve("package-info.java"))
                .exists());
    }

    @Test
    void shouldSayTheThreadingOfEveryPublicClass() throws IOException {
        List<String> silent = new ArrayList<>();
        scan(new TreeScanner<Void, Source>() {
            @Override
            public Void visitClass(ClassTree type, Source source) {
                boolean mutable = type.getKind() == Tree.Kind.CLASS
                        && type.getModifiers().getFlags().contains(Modifier.PUBLIC)
                        && !type.getSimpleName().toString().endsWith("Exception")
                        && type.getMembers().stream().anyMatch(TidyTest::isInstanceField);
                // A benchmark is public for its harness alone, and says its threads by annotation.
                boolean benchmark = source.path().startsWith(root.resolve("benchmarks"));
                if (mutable && !benchmark && source.isMain() && !source.text().contains("Threading: ")) {
                    silent.add(root.relativize(source.path()).toString());
                }
                return null;
            }
        });

        assertThat(silent).isEmpty();
    }

    @Test
    void shouldPrintWhatIsLongest() throws IOException {
        List<Length> methods = new ArrayList<>();
        scan(new TreeScanner<Void, Source>() {
            @Override
            public Void visitMethod(MethodTree method, Source source) {
                if (source.isMain()) {
                    methods.add(
                            new Length(source.lines(method), root.relativize(source.path()) + " " + method.getName()));
                }
                return super.visitMethod(method, source);
            }
        });
        List<Length> files = files(".java").stream()
                .filter(file -> file.toString().contains("/src/main/"))
                .map(file ->
                        new Length(lines(file).size(), root.relativize(file).toString()))
                .collect(Collectors.toList());

        print("longest files", files);
        print("longest methods", methods);
        assertThat(files).isNotEmpty();
        assertThat(methods).isNotEmpty();
    }

    private static boolean isInstanceField(Tree member) {
        return member instanceof VariableTree field
                && !field.getModifiers().getFlags().contains(Modifier.STATIC);
    }

    private static void print(String what, List<Length> lengths) {
        System.out.println(what + ":");
        lengths.stream()
                .sorted(Comparator.comparingLong(Length::lines).reversed())
                .limit(LONGEST)
                .forEach(length -> System.out.printf("  %4d %s%n", length.lines(), length.what()));
    }

    private void scan(TreeScanner<Void, Source> scanner) throws IOException {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager fileManager = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task = (JavacTask) compiler.getTask(
                    null,
                    fileManager,
                    null,
                    List.of("-proc:none"),
                    null,
                    fileManager.getJavaFileObjectsFromPaths(files(".java")));
            SourcePositions positions = Trees.instance(task).getSourcePositions();
            for (CompilationUnitTree unit : task.parse()) {
                unit.accept(scanner, new Source(unit, positions));
            }
        }
    }

    private List<Path> files(String ending) {
        List<Path> files = new ArrayList<>();
        try {
            Files.walkFileTree(root, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
                    String name = directory.getFileName().toString();
                    return SKIPPED.contains(name) ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (file.toString().endsWith(ending)) {
                        files.add(file);
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path root() {
        Path directory = Path.of("").toAbsolutePath();
        while (!Files.isDirectory(directory.resolve("core-log"))) {
            directory = directory.getParent();
        }
        return directory;
    }

    private record Length(long lines, String what) {}

    private record Source(CompilationUnitTree unit, SourcePositions positions) {

        Path path() {
            return Path.of(unit.getSourceFile().toUri());
        }

        boolean isMain() {
            return path().toString().contains("/src/main/java/");
        }

        String text() {
            return String.join("\n", TidyTest.lines(path()));
        }

        long lines(MethodTree method) {
            LineMap map = unit.getLineMap();
            return map.getLineNumber(positions.getEndPosition(unit, method))
                    - map.getLineNumber(positions.getStartPosition(unit, method))
                    + 1;
        }
    }
}
