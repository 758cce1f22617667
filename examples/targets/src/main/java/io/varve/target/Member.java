// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One member of a {@link Quorum}: a process and its directory.
 *
 * <p>Threading: confined to the thread of the quorum's owner, except for what only asks over the network.
 */
public final class Member {

    private static final Pattern MODE = Pattern.compile("^Mode: (\\w+)", Pattern.MULTILINE);
    private static final int ASK_TIMEOUT_MS = 2000;

    private final int id;
    private final int clientPort;
    private final Path directory;
    private final TargetProcess process;

    Member(int id, int clientPort, Path directory, List<String> command) {
        this.id = id;
        this.clientPort = clientPort;
        this.directory = directory;
        this.process = new TargetProcess("member=" + id, directory, command, Map.of());
    }

    /** Its number in the configuration; the first has 1. */
    public int id() {
        return id;
    }

    /** {@code host:port} for clients. */
    public String connectString() {
        return "127.0.0.1:" + clientPort;
    }

    /** Where its configuration and data lie. */
    public Path directory() {
        return directory;
    }

    /** The id of its process. */
    public long pid() {
        return process.pid();
    }

    /** Whether its process runs. */
    public boolean isRunning() {
        return process.isRunning();
    }

    /**
     * Starts it on the data that it has; returns at once.
     *
     * @throws IllegalStateException when it runs
     */
    public void start() {
        process.start();
    }

    /** Kills its process as kill -9 does, and returns when it is gone. Nothing happens when it does not run. */
    public void kill() {
        process.kill();
    }

    /** What it says that it is: {@code leader}, {@code follower}, {@code standalone}; empty when it does not serve. */
    public String mode() {
        try {
            Matcher mode = MODE.matcher(ask("srvr"));
            return mode.find() ? mode.group(1) : "";
        } catch (IOException e) {
            return ""; // nobody listens, or not yet, or not any more
        }
    }

    /**
     * The answer to one of the four-letter words.
     *
     * @throws IOException when it does not answer
     */
    public String ask(String word) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", clientPort), ASK_TIMEOUT_MS);
            socket.setSoTimeout(ASK_TIMEOUT_MS);
            socket.getOutputStream().write(word.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** What it has printed so far, in all its lives. */
    public String printed() {
        return process.printed();
    }
}
