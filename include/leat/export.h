#pragma once

/// What a shared Leat shows to those who link it: the classes and functions of these headers, and nothing else.
#define LEAT_EXPORT __attribute__((visibility("default")))
/// What a class that is shown keeps to itself.
#define LEAT_HIDDEN __attribute__((visibility("hidden")))
