// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.nio.file.Path;

/**
 * One broker of a {@link Cluster}: a process and its directory.
 *
 * <p>Threading: confined to the thread of the cluster's owner.
 */
public final class ClusterBroker {

    private final BrokerPlace place;
    private final Path directory;
    private final TargetProcess process;
    private final String ready;
    private long printedBefore;

    ClusterBroker(BrokerPlace place, Path directory, TargetProcess process, String ready) {
        this.place = place;
        this.directory = directory;
        this.process = process;
        this.ready = ready;
    }

    /** Its number; the first has 1. */
    public int id() {
        return place.id();
    }

    /** {@code host:port} for clients. */
    public String bootstrap() {
        return place.bootstrap();
    }

    /** Where its configuration and data lie. */
    public Path directory() {
        return directory;
    }

    /** Its node of a {@link Network}, where the cluster has one. */
    public String node() {
        return place.host();
    }

    /** The id of its process. */
    public long pid() {
        return process.pid();
    }

    /** Whether its process is there, be it paused. */
    public boolean isRunning() {
        return process.isRunning();
    }

    /**
     * Starts it on the data that it has; returns at once.
     *
     * @throws IllegalStateException when it runs
     */
    public void start() {
        printedBefore = process.printedBytes();
        process.start();
    }

    /** Whether it has said since it was started that it serves. */
    boolean isReady() {
        return process.printedFrom(printedBefore).contains(ready);
    }

    /** Kills it as kill -9 does, be it paused, and returns when it is gone. Nothing happens when it does not run. */
    public void kill() {
        process.kill();
    }

    /**
     * Asks it to end, as SIGTERM does, and waits until it has; its exit code.
     *
     * @throws IllegalStateException when it does not run, or does not end within a minute
     */
    public int stop() {
        return process.stop();
    }

    /** Takes the processors away from it: it neither works nor answers, and its connections stay. */
    public void pause() {
        process.signal("STOP");
    }

    /** Lets it go on after a pause. */
    public void resume() {
        process.signal("CONT");
    }

    /** What it has printed since it was started last. */
    public String printed() {
        return process.printedFrom(printedBefore);
    }
}
