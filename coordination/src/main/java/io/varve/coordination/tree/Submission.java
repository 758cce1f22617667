// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/** Is told what came of a command; exactly one of the methods is called, once, on the member's thread. */
public interface Submission {

    /** Nobody waits for the outcome. */
    Submission UNATTENDED = new Submission() {
        @Override
        public void applied(TreeTransaction transaction) {}

        @Override
        public void lost(String reason) {}
    };

    /** The command was applied here. Commands are told of in the order of the log, each behind the watch events that it caused. */
    void applied(TreeTransaction transaction);

    /** Nobody here can tell whether the command will be applied, as the leader has changed or the member stops. */
    void lost(String reason);
}
