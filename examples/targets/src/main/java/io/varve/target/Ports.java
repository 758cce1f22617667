// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports of the loopback interface for processes that are killed and started again at the same port.
 *
 * <p>None is given twice, and none is one that the operating system gives to connections that are made: a connection that gets the port
 * of a process that is away would keep it from coming back.
 *
 * <p>Threading: any thread.
 */
final class Ports {

    private static final int FIRST = 15_000;
    private static final int END = 32_000; // Linux has connections from 32768 on, others from 49152
    private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

    private Ports() {}

    /** Ports that nobody listens at just now. */
    static List<Integer> free(int count) {
        List<Integer> ports = new ArrayList<>();
        while (ports.size() < count) {
            int port = ThreadLocalRandom.current().nextInt(FIRST, END);
            if (GIVEN.add(port) && isFree(port)) {
                ports.add(port);
            }
        }
        return ports;
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (BindException e) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
