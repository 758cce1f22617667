// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Varve's quorum alone, as {@code varve quorum} runs it.
 *
 * <p>Threading: immutable.
 */
public final class VarveTarget implements Target {

    private final List<String> program;

    private VarveTarget(List<String> program) {
        this.program = List.copyOf(program);
    }

    /**
     * Varve with flags of the caller's choice.
     *
     * @param jar the program, {@code varve-broker.jar}
     * @param jvmFlags flags for its JVM
     * @throws IllegalArgumentException when there is no such file
     */
    public static VarveTarget ofJar(Path jar, List<String> jvmFlags) {
        return new VarveTarget(programOfJar(jar, jvmFlags));
    }

    /**
     * Varve as it is started in a checkout.
     *
     * @param launcher the script, {@code varve}, which chooses the flags
     * @throws IllegalArgumentException when there is no such file
     */
    public static VarveTarget ofLauncher(Path launcher) {
        return new VarveTarget(programOfLauncher(launcher));
    }

    /** The command line up to the command. */
    static List<String> programOfJar(Path jar, List<String> jvmFlags) {
        checkFile(jar);
        List<String> program = new ArrayList<>(List.of(ApacheTarget.java()));
        program.addAll(jvmFlags);
        program.addAll(List.of("-jar", jar.toAbsolutePath().toString()));
        return program;
    }

    /** The command line up to the command. */
    static List<String> programOfLauncher(Path launcher) {
        checkFile(launcher);
        return List.of(launcher.toAbsolutePath().toString());
    }

    private static void checkFile(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException("no program of Varve: file=" + file + "; mvn package makes it");
        }
    }

    @Override
    public String name() {
        return "Varve";
    }

    @Override
    public List<String> command(Path configuration) {
        List<String> command = new ArrayList<>(program);
        command.addAll(List.of("quorum", configuration.toString()));
        return command;
    }

    @Override
    public Map<String, String> settings() {
        return Map.of(
                "4lw.commands.whitelist",
                "*",
                "extendedTypesEnabled",
                "true",
                "znode.container.checkIntervalMs",
                "1000");
    }
}
