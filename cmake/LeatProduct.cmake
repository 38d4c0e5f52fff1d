# Products: what is installed. A library made of the objects of many rooms, that shows include/ only.
include(CMakePackageConfigHelpers)

# All of them. The server and the simulation work with what the core keeps to itself, and bring no library of their own
# along: one libleat has them, and who does not use them from a static one does not link them. leat::server and leat::sim
# say what a program needs. Protobuf's is apart, since not everybody has libprotobuf; it sees of Leat what any program sees.
function(leat_products)
  get_property(rooms GLOBAL PROPERTY LEAT_ROOMS)
  list(REMOVE_ITEM rooms serdes)
  find_package(Threads REQUIRED)
  leat_product(leat EXPORT_AS leat ROOMS ${rooms} LINK Threads::Threads)
  leat_face(sim)
  if(LEAT_SERVER)
    leat_face(server)
  endif()
  if(LEAT_PROTOBUF)
    leat_product(leat_protobuf EXPORT_AS protobuf EXPORT leat_protobuf COMPONENT lib_protobuf
      ROOMS serdes LINK leat protobuf::libprotobuf)
  endif()
endfunction()

# leat_face(WORD): leat::WORD, another name for what is in libleat.
function(leat_face word)
  add_library(leat_face_${word} INTERFACE)
  target_link_libraries(leat_face_${word} INTERFACE leat)
  set_target_properties(leat_face_${word} PROPERTIES EXPORT_NAME ${word})
  add_library(leat::${word} ALIAS leat_face_${word})
  install(TARGETS leat_face_${word} EXPORT leat)
endfunction()

# leat_product(NAME EXPORT_AS word [EXPORT set] [COMPONENT name] ROOMS room... [LINK library...])
# What not everybody who uses Leat has the packages for is in an export set of its own.
function(leat_product name)
  cmake_parse_arguments(ARG "" "EXPORT_AS;EXPORT;COMPONENT" "ROOMS;LINK" ${ARGN})
  if(NOT ARG_EXPORT)
    set(ARG_EXPORT leat)
  endif()
  if(NOT ARG_COMPONENT)
    set(ARG_COMPONENT lib)
  endif()
  set(objects)
  set(links)
  foreach(room ${ARG_ROOMS})
    list(APPEND objects $<TARGET_OBJECTS:leat_${room}>)
    get_property(used GLOBAL PROPERTY LEAT_LINK_${room})
    list(APPEND links ${used})
  endforeach()
  list(REMOVE_DUPLICATES links)
  # What is ours and has only compile flags is of no use to those who link.
  foreach(link ${links})
    if(TARGET ${link})
      get_target_property(imported ${link} IMPORTED)
      if(NOT imported)
        list(TRANSFORM links REPLACE "^${link}$" "$<BUILD_INTERFACE:${link}>")
      endif()
    endif()
  endforeach()
  add_library(${name} ${objects})
  if(NOT TARGET leat::${ARG_EXPORT_AS})
    add_library(leat::${ARG_EXPORT_AS} ALIAS ${name})
  endif()
  set_target_properties(${name} PROPERTIES
    EXPORT_NAME ${ARG_EXPORT_AS} LINKER_LANGUAGE CXX
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_compile_features(${name} INTERFACE cxx_std_20)
  target_include_directories(${name} INTERFACE
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${name} PRIVATE ${links} PUBLIC ${ARG_LINK})
  if(BUILD_SHARED_LIBS)
    # Templates of the standard library over our types are visible by themselves.
    set(script ${PROJECT_BINARY_DIR}/leat.map)
    configure_file(${PROJECT_SOURCE_DIR}/cmake/leat.map.in ${script} @ONLY)
    target_link_options(${name} PRIVATE LINKER:--version-script=${script} LINKER:--no-undefined)
    set_target_properties(${name} PROPERTIES LINK_DEPENDS ${script})
  endif()
  # Whoever links a sanitized library needs its runtime too.
  if(LEAT_SANITIZE)
    target_link_options(${name} PUBLIC -fsanitize=${LEAT_SANITIZE})
  endif()
  install(TARGETS ${name} EXPORT ${ARG_EXPORT}
    ARCHIVE COMPONENT dev
    LIBRARY COMPONENT ${ARG_COMPONENT} NAMELINK_COMPONENT dev)
endfunction()

# Headers and the package files, once all products are there.
function(leat_install_package)
  set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/leat)
  set(left_out)
  if(NOT LEAT_SERVER)
    list(APPEND left_out PATTERN server.h EXCLUDE)
  endif()
  if(NOT LEAT_PROTOBUF)
    list(APPEND left_out PATTERN protobuf.h EXCLUDE)
  endif()
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/leat DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev ${left_out})
  install(EXPORT leat NAMESPACE leat:: FILE leatTargets.cmake DESTINATION ${package_dir} COMPONENT dev)
  if(LEAT_PROTOBUF)
    install(EXPORT leat_protobuf NAMESPACE leat:: FILE leatProtobufTargets.cmake DESTINATION ${package_dir} COMPONENT dev)
  endif()
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/leatConfig.cmake.in
    ${PROJECT_BINARY_DIR}/leatConfig.cmake INSTALL_DESTINATION ${package_dir})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/leatConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/leatConfig.cmake ${PROJECT_BINARY_DIR}/leatConfigVersion.cmake
          DESTINATION ${package_dir} COMPONENT dev)

  leat_pkg_config(leat "${PROJECT_DESCRIPTION}" LIBRARY leat PRIVATE "zlib snappy liblz4 libzstd")
  leat_pkg_config(leat-sim "Leat in a simulated world, for tests" REQUIRES leat)
  if(LEAT_SERVER)
    leat_pkg_config(leat-server "A port for Kafka's clients to an embedded Leat" REQUIRES leat)
  endif()
  if(LEAT_PROTOBUF)
    leat_pkg_config(leat-protobuf "Protobuf messages as Leat's records" REQUIRES "leat protobuf" LIBRARY leat_protobuf)
  endif()
endfunction()

# leat_pkg_config(NAME DESCRIPTION [LIBRARY name] [REQUIRES modules] [PRIVATE modules]): NAME.pc, which may be moved with
# its prefix. PRIVATE is for who links statically (pkg-config --static).
function(leat_pkg_config name description)
  cmake_parse_arguments(ARG "" "LIBRARY;REQUIRES;PRIVATE" "" ${ARGN})
  set(dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
  file(RELATIVE_PATH prefix ${dir} ${CMAKE_INSTALL_PREFIX})
  set(libs)
  if(ARG_LIBRARY)
    set(libs "-L\${libdir} -l${ARG_LIBRARY}")
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/leat.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endfunction()
