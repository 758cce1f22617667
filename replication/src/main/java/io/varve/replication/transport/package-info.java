// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The transport port: connections that carry frames, bounded, with explicit back-pressure; and the links of a group's members, which are
 * made of them. Imports nothing of Varve.
 */
@NullMarked
package io.varve.replication.transport;

import org.jspecify.annotations.NullMarked;
