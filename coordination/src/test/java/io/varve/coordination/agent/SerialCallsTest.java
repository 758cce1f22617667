// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SerialCallsTest {

    private final SerialCalls calls = new SerialCalls();
    private final List<String> made = new ArrayList<>();

    @Test
    void shouldMakeACallThatACallAddsAfterIt() {
        calls.add(() -> {
            calls.add(() -> made.add("inner"));
            calls.run();
            made.add("outer");
        });
        calls.run();

        assertThat(made).containsExactly("outer", "inner");
    }

    @Test
    void shouldMakeTheCallsBehindOneThatFails() {
        calls.add(() -> {
            throw new IllegalStateException("first");
        });
        calls.add(() -> made.add("second"));

        assertThatIllegalStateException().isThrownBy(calls::run).withMessage("first");
        calls.add(() -> made.add("third"));
        calls.run();

        assertThat(made).containsExactly("second", "third");
    }

    @Test
    void shouldMakeAllCallsOfAllThreadsOneAtATimeAndInOrder() throws Exception {
        int[] added = {0};
        List<Integer> order = new ArrayList<>(); // written by whichever thread makes the calls, one at a time
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 4; t++) {
            Thread thread = new Thread(() -> {
                for (int i = 0; i < 1000; i++) {
                    synchronized (added) {
                        int number = added[0]++;
                        calls.add(() -> order.add(number));
                    }
                    calls.run();
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }

        assertThat(order).hasSize(4000).isSorted();
    }
}
