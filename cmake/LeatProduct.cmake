# Products: what is installed. One library made of the objects of many rooms, that shows include/ only.
include(CMakePackageConfigHelpers)

# leat_product(NAME EXPORT_AS word [EXPORT set] ROOMS room... [LINK library...])
# What not everybody who uses Leat has the packages for is in an export set of its own.
function(leat_product name)
  cmake_parse_arguments(ARG "" "EXPORT_AS;EXPORT" "ROOMS;LINK" ${ARGN})
  if(NOT ARG_EXPORT)
    set(ARG_EXPORT leat)
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
  # Whoever links a sanitized library needs its runtime too.
  if(LEAT_SANITIZE)
    target_link_options(${name} PUBLIC -fsanitize=${LEAT_SANITIZE})
  endif()
  install(TARGETS ${name} EXPORT ${ARG_EXPORT})
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
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/leat DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} ${left_out})
  install(EXPORT leat NAMESPACE leat:: FILE leatTargets.cmake DESTINATION ${package_dir})
  if(LEAT_PROTOBUF)
    install(EXPORT leat_protobuf NAMESPACE leat:: FILE leatProtobufTargets.cmake DESTINATION ${package_dir})
  endif()
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/leatConfig.cmake.in
    ${PROJECT_BINARY_DIR}/leatConfig.cmake INSTALL_DESTINATION ${package_dir})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/leatConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/leatConfig.cmake ${PROJECT_BINARY_DIR}/leatConfigVersion.cmake
          DESTINATION ${package_dir})
endfunction()
