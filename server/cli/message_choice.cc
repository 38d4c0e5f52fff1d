#include "json_values.h"

namespace leat::cli {

void add_message_choice(CLI::App& command, MessageChoice& choice) {
  auto* const file = command.add_option("--protobuf", choice.file,
                                        "Values are Protobuf messages of this .proto file, and JSON here")
                         ->type_name("FILE");
  auto* const message = command.add_option("--message", choice.message,
                                           "Which of its messages, with its package: shop.Order")
                            ->needs(file)
                            ->type_name("NAME");
  file->needs(message);
  command.add_option("-I,--proto-path", choice.import_paths,
                     "Where the file's imports are, beside its own folder; may be repeated")
      ->needs(file)
      ->allow_extra_args(false)
      ->type_name("FOLDER");
}

}  // namespace leat::cli
