#pragma once

/// Everything of `leat::leat`. `leat/server.h`, `leat/protobuf.h` and `leat/sim.h` belong to libraries of their own.

#include <leat/admin.h>
#include <leat/broker.h>
#include <leat/bytes.h>
#include <leat/consumer.h>
#include <leat/diagnostics.h>
#include <leat/error.h>
#include <leat/host.h>
#include <leat/log.h>
#include <leat/producer.h>
#include <leat/record.h>
#include <leat/result.h>
#include <leat/topic_partition.h>
